# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# certificate: path (folder and name) common_name alt_names authority owner days

# The key that waits for its certificate, where only root looks.
certificate_waiting_key() { printf '%s/pending/%s.key' "$gw_root" "$gw_hash"; }

certificate_observe() {
  if [ ! -f "$path.crt" ] || [ ! -f "$path.key" ]; then
    observed=absent
    [ ! -f "$path.crt" ] || observed="key absent"
    [ ! -f "$path.key" ] || observed="certificate absent"
    return
  fi
  if [ -L "$path.crt" ] || [ -L "$path.key" ]; then
    observed=symlink
    return
  fi
  certificate_judge "$path.key" "$path.crt"
  [ "$observed" = valid ] || return 0
  gw_modes=$(stat -c '%a %U' "$path.key" "$path.crt")
  [ "$gw_modes" = "600 $owner${gw_newline}644 root" ] || observed=owner
}

# Sets $observed to `valid`, or to what is wrong with a pair.
certificate_judge() { # KEY CERTIFICATE
  gw_leaf=$(limit openssl x509 -in "$2" -noout -checkend "$((days * 28800))" -pubkey -subject -nameopt multiline \
    -ext subjectAltName </dev/null 2>/dev/null) || answered $? openssl || {
    observed=unknown
    return
  }
  gw_public=$(limit openssl pkey -in "$1" -pubout </dev/null 2>/dev/null)
  case $gw_leaf in
    "${gw_public:-no key}$gw_newline"*) ;;
    *)
      observed=mismatch
      return
      ;;
  esac
  case $gw_leaf in
    *'Certificate will expire') observed=due ;;
    *)
      if ! limit openssl verify -no-CApath -no-CAstore -partial_chain -CAfile "$authority" -untrusted "$2" "$2" \
        </dev/null >"$gw_run/verify" 2>&1; then
        observed=authority
      elif ! certificate_named; then
        observed=names
      else
        observed=valid
      fi
      ;;
  esac
}

# True when the leaf has the wanted names and no others. openssl prints IPv6 addresses in eight groups.
certificate_named() {
  printf '%s\n' "$gw_leaf" | awk -v wanted="$alt_names" -v subject="$common_name" '
    function plain(name,  halves, left, right, a, b, i, text) {
      sub(/^IP Address:/, "IP:", name)
      if (name !~ /^IP:.*:/) return name
      b = 0
      i = split(toupper(substr(name, 4)), halves, "::")
      a = split(halves[1], left, ":")
      if (i > 1) b = split(halves[2], right, ":")
      for (i = 1; i <= a; i++) text = text group(left[i])
      for (i = a + b; i < 8; i++) text = text group("0")
      for (i = 1; i <= b; i++) text = text group(right[i])
      return "IP" text
    }
    function group(digits) {
      sub(/^0+/, "", digits)
      return ":" (digits == "" ? "0" : digits)
    }
    /^ *commonName *= / {
      sub(/^ *commonName *= /, "")
      if ($0 == subject) named = 1
    }
    listed {
      count = split($0, names, ", ")
      for (i = 1; i <= count; i++) {
        sub(/^ +/, "", names[i])
        has[plain(names[i])] = 1
      }
      listed = 0
    }
    /^X509v3 Subject Alternative Name:/ { listed = 1 }
    END {
      count = split(wanted, names, ",")
      for (i = 1; i <= count; i++) {
        if (!(plain(names[i]) in has)) named = 0
        wants[plain(names[i])] = 1
      }
      for (name in has) if (!(name in wants)) named = 0
      exit !named
    }
  '
}

# The key is made here and stays here; what travels is the signing request.
certificate_request() {
  gw_pending=$(certificate_waiting_key)
  mkdir -p "$gw_root/pending" && chmod 700 "$gw_root" "$gw_root/pending" || return 1
  # One that waits already is taken again: its request may be on its way.
  limit openssl pkey -in "$gw_pending" -noout </dev/null 2>/dev/null ||
    (umask 077 && limit openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$gw_pending") || return 1
  limit openssl req -new -key "$gw_pending" -subj "/CN=$common_name" -addext "subjectAltName=$alt_names" </dev/null
}

certificate_apply() {
  parents_trusted "$path" || return 1
  gw_pending=$(certificate_waiting_key)
  if [ "$observed" = owner ]; then
    certificate_put "$path.key" "$path.crt" && certificate_settled
    return
  fi
  [ -f "$gw_pending" ] || {
    echo "no key waits for the certificate"
    return 1
  }
  certificate_judge "$gw_pending" "$TICKET"
  [ "$observed" != unknown ] || return 124
  [ "$observed" = valid ] || {
    certificate_complain
    return 1
  }
  made_again "$path.key" && certificate_put "$gw_pending" "$TICKET" && certificate_settled
}

certificate_put() { # KEY CERTIFICATE
  place_new "$path.key" certificate_make "$1" "$owner:" 600 && place_new "$path.crt" certificate_make "$2" root:root 644
}

certificate_make() { new_from "$1" && chown "$2" "$gw_new" && chmod "$3" "$gw_new"; } # FILE OWNER MODE

# The folder stays: another stream may be about to put a key there.
certificate_settled() { rm -f "$gw_pending"; }

certificate_complain() {
  case $observed in
    mismatch) echo "what the issuer gave is no certificate for the key that waits" ;;
    due) echo "the issuer's certificate ends within a third of $days days" ;;
    authority)
      echo "the issuer's certificate does not verify against $authority:"
      cat "$gw_run/verify"
      ;;
    names) printf 'wanted is CN=%s with %s; the issuer certified\n%s\n' "$common_name" "$alt_names" "${gw_leaf#*-----END PUBLIC KEY-----}" ;;
  esac
}

certificate_each() { # FUNCTION of file.sh, for both files
  gw_pair=$path gw_pair_capture=$capture
  for gw_suffix in key crt; do
    path=$gw_pair.$gw_suffix capture=$gw_pair_capture/$gw_suffix
    "$1" || break
  done
  gw_code=$?
  path=$gw_pair capture=$gw_pair_capture
  return "$gw_code"
}

certificate_capture() { mkdir "$capture/key" "$capture/crt" && certificate_each file_capture; }

certificate_has_content() { :; }

certificate_restore() { certificate_each file_restore; }
