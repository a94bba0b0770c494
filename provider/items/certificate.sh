# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2015 # the engine sets the item's variables and reads $observed; `a && b || c` is meant
# certificate: path (folder and name) common_name alt_names authority owner days

# A pending key waits for its certificate where only root looks.
certificate_pending() { printf '%s/pending/%s' "$gw_root" "$gw_hash"; }

# Seconds that may be left before the leaf counts as due: a third of its life. gw_due_shift moves the due date in tests.
certificate_margin() { echo $((days * 28800 + ${gw_due_shift:-0})); }

certificate_observe() {
  observed=absent
  [ -f "$path.crt" ] && [ -f "$path.key" ] || return 0
  observed=mismatch
  [ "$(openssl x509 -in "$path.crt" -noout -pubkey 2>/dev/null)" = "$(openssl pkey -in "$path.key" -pubout 2>/dev/null)" ] || return 0
  observed=authority
  openssl verify -no-CApath -no-CAstore -CAfile "$authority" "$path.crt" >/dev/null 2>&1 || return 0
  observed=names
  [ "$(certificate_names)" = "$(certificate_wanted)" ] || return 0
  observed=owner
  [ "$(stat -c '%a %U' -- "$path.key")" = "600 $owner" ] || return 0
  observed=due
  openssl x509 -in "$path.crt" -noout -checkend "$(certificate_margin)" >/dev/null || return 0
  observed=valid
}

# Subject and alternative names, one a line, sorted; IPv6 addresses in openssl's long form.
certificate_names() {
  openssl x509 -in "$path.crt" -noout -subject -nameopt multiline | sed -n 's/^ *commonName *= //p'
  openssl x509 -in "$path.crt" -noout -ext subjectAltName | sed 1d | tr ',' '\n' | sed 's/^ *//; s/^IP Address:/IP:/' | sort
}

certificate_wanted() {
  printf '%s\n' "$common_name"
  printf '%s\n' "$alt_names" | tr ',' '\n' | while read -r gw_name; do
    case $gw_name in
      IP:*:*) certificate_long6 "${gw_name#IP:}" ;;
      *) printf '%s\n' "$gw_name" ;;
    esac
  done | sort
}

# An IPv6 address the way openssl prints it: eight groups without leading zeroes, upper case.
certificate_long6() {
  printf '%s\n' "$1" | awk '{
    n = split(toupper($0), halves, "::")
    a = split(halves[1], left, ":"); b = n > 1 ? split(halves[2], right, ":") : 0
    out = "IP"
    for (i = 1; i <= a; i++) { sub(/^0+/, "", left[i]); out = out ":" (left[i] == "" ? "0" : left[i]) }
    if (n > 1) for (i = a + b; i < 8; i++) out = out ":0"
    for (i = 1; i <= b; i++) { sub(/^0+/, "", right[i]); out = out ":" (right[i] == "" ? "0" : right[i]) }
    print out
  }'
}

# The key is made here and stays here; what travels is the signing request.
certificate_request() {
  gw_pending=$(certificate_pending)
  mkdir -p "$gw_root/pending" && chmod 700 "$gw_root" "$gw_root/pending" || return 1
  (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$gw_pending") || return 1
  openssl req -new -key "$gw_pending" -subj "/CN=$common_name" -addext "subjectAltName=$alt_names"
}

certificate_apply() {
  gw_pending=$(certificate_pending)
  [ -f "$gw_pending" ] || {
    echo "no key waits for the certificate"
    return 1
  }
  [ "$(openssl x509 -in "$TICKET" -noout -pubkey)" = "$(openssl pkey -in "$gw_pending" -pubout)" ] || {
    echo "the issuer signed another key"
    return 1
  }
  mkdir -p "${path%/*}" || return 1
  openssl x509 -in "$TICKET" -out "$path.crt.groundwork-new" && chmod 644 "$path.crt.groundwork-new" || return 1
  install -m 600 -o "$owner" "$gw_pending" "$path.key.groundwork-new" || return 1
  mv -f "$path.key.groundwork-new" "$path.key" && mv -f "$path.crt.groundwork-new" "$path.crt" || return 1
  rm -f "$gw_pending"
  rmdir "$gw_root/pending" 2>/dev/null || :
}

certificate_capture() {
  for gw_part in crt key; do
    [ ! -e "$path.$gw_part" ] || cp -a "$path.$gw_part" "$capture/$gw_part" || return 1
  done
  [ -d "${path%/*}" ] || : >"$capture/no-folder"
}

certificate_restore() {
  for gw_part in crt key; do
    if [ -e "$capture/$gw_part" ]; then
      mkdir -p "${path%/*}" && cp -a "$capture/$gw_part" "$path.$gw_part.groundwork-old" &&
        mv -f "$path.$gw_part.groundwork-old" "$path.$gw_part" || return 1
    else
      rm -f "$path.$gw_part" || return 1
    fi
  done
  [ ! -e "$capture/no-folder" ] || rmdir "${path%/*}" 2>/dev/null || :
}
