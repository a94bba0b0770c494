# --- data ---$/q' "$gw_program"
    printf 'gw_owner=%s\ngw_revert END\n' "$gw_owner"
  } >"$gw_transaction/revert"
  printf '[Unit]\nDescription=Groundwork puts back an unconfirmed change\n[Service]\nType=oneshot\nExecStart=/bin/sh %s\n' \
    "$gw_transaction/revert" >"/etc/systemd/system/$gw_unit.service"
  printf '[Unit]\nDescription=Groundwork waits for a confirmation\n[Timer]\nOnActiveSec=%s\nAccuracySec=1\n' \
    "$gw_deadman_seconds" >"/etc/systemd/system/$gw_unit.timer"
  mkdir -p /etc/systemd/system/timers.target.wants
  ln -sf "../$gw_unit.timer" "/etc/systemd/system/timers.target.wants/$gw_unit.timer"
  : >"$gw_transaction/armed"
  sync -f /etc
  systemctl daemon-reload && systemctl start "$gw_unit.timer"
}

# The work is done: the time to confirm it starts now, however long it took.
deadman_start_over() {
  echo waiting >"$gw_transaction/armed"
  systemctl restart "$(deadman_unit).timer"
}

deadman_disarm() {
  gw_unit=$(deadman_unit)
  [ -e "/etc/systemd/system/$gw_unit.timer" ] || return 0
  systemctl stop "$gw_unit.timer"
  rm -f "/etc/systemd/system/$gw_unit.timer" "/etc/systemd/system/$gw_unit.service" \
    "/etc/systemd/system/timers.target.wants/$gw_unit.timer"
  systemctl daemon-reload
}

# Run by the timer: nobody confirmed.
gw_revert() {
  [ "$1" = END ] || return 1
  gw_run=$(mktemp -d /run/groundwork-revert.XXXXXX)
  exec 3>"$gw_root/reverted-$gw_owner"
  gw_transaction=$gw_root/transactions/$gw_owner
  gw_armed=$(cat "$gw_transaction/armed" 2>/dev/null)
  lock_owner
  # A program that was still at work when the time was over has started it over.
  if [ -d "$gw_transaction" ] && [ "$(cat "$gw_transaction/armed")" = "$gw_armed" ]; then
    transaction_restore
  fi
  rm -rf "$gw_run"
}

# --- the lease: one deployment at a time on a machine ---

lease_take() {
  gw_now=$(date +%s)
  if [ -f "$gw_root/lease" ]; then
    IFS=$gw_tab read -r gw_a gw_b gw_c <"$gw_root/lease"
    if [ "$gw_a" != "$gw_holder" ] && [ "$gw_c" -gt "$gw_now" ] && [ "$gw_a" != "$gw_dead_holder" ]; then
      report held "$gw_a$gw_tab$gw_b$gw_tab$gw_c"
      return 1
    fi
    [ "$gw_a" = "$gw_holder" ] || gw_b=$gw_now
  else
    gw_b=$gw_now
  fi
  printf '%s\t%s\t%s\n' "$gw_holder" "$gw_b" "$((gw_now + gw_lease_seconds))" >"$gw_root/lease.new"
  mv "$gw_root/lease.new" "$gw_root/lease"
}

lease_release() {
  [ -f "$gw_root/lease" ] || return 0
  IFS=$gw_tab read -r gw_a _ <"$gw_root/lease"
  [ "$gw_a" != "$gw_holder" ] || rm -f "$gw_root/lease"
}

# --- checks and facts ---

# Runs check N until it passes or its time is over: report `check N RESULT SECONDS EVIDENCE`.
check_run() {
  "check_$1"
  clock
  gw_started=${gw_now%.*}
  while :; do
    printf '%s' "$gw_script" >"$gw_run/script"
    limit sh "$gw_run/script" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&-
    gw_status=$?
    clock
    gw_elapsed=$((${gw_now%.*} - gw_started))
    [ "$gw_status" -ne 0 ] && [ "$gw_status" -ne 77 ] && [ "$gw_elapsed" -lt "$gw_within" ] && [ -z "$gw_patience" ] || break
    sleep 0.5
  done
  case $gw_status in
    0) gw_result=pass ;;
    77) gw_result=skip ;;
    *) gw_result=fail ;;
  esac
  [ "$gw_status" -ne 124 ] || echo "no answer within $time_limit s" >>"$gw_run/log"
  report_text check "$1" "$gw_result" "$gw_elapsed" <"$gw_run/log"
  [ "$gw_result" = pass ] || { [ "$gw_result" = skip ] && [ -n "$gw_waived" ]; }
}

gw_patience=''
checks_run() { # INDEX…
  gw_open=yes
  for gw_i in "$@"; do
    check_run "$gw_i" || gw_open=''
  done
  [ -n "$gw_open" ]
}

facts_read() {
  for gw_i in $gw_facts; do
    "fact_$gw_i"
    printf '%s' "$gw_script" >"$gw_run/script"
    if ! limit sh "$gw_run/script" >"$gw_run/fact" 2>"$gw_run/log" </dev/null; then
      report_text failed "$gw_i" fact <"$gw_run/log"
      return 1
    fi
    if [ "$(wc -c <"$gw_run/fact")" -gt 65536 ]; then
      echo 'longer than 64 KiB' | report_text failed "$gw_i" fact
      return 1
    fi
    printf 'fact %s %s\n' "$gw_i" "$(base64 "$gw_run/fact" | tr -d '\n')" >&3
    rm -f "$gw_run/fact"
  done
}

machine_identity() {
  read -r gw_machine </etc/machine-id
  report machine "$gw_machine"
  if [ -n "$gw_machine_expected" ] && [ "$gw_machine" != "$gw_machine_expected" ]; then
    refuse GW206 "machine-id is $gw_machine, expected $gw_machine_expected"
    return 1
  fi
}

# --- the operations ---

gw_read() {
  machine_identity || return 1
  observe_all
  for gw_i in $gw_items; do
    use_item "$gw_i"
    eval "observed=\$gw_observed_$gw_i"
    [ "$observed" = "$gw_desired" ] || report differs "$gw_i" "$observed"
  done
}

# What the issuers of tickets have to be asked: only for items that will be applied.
gw_request() {
  machine_identity || return 1
  for gw_i in $gw_items; do
    use_item "$gw_i"
    [ -n "$gw_ticket" ] || continue
    observe
    [ "$observed" != "$gw_desired" ] || continue
    if command -v "${gw_kind}_request" >/dev/null; then
      "${gw_kind}_request" >"$gw_run/request" 2>"$gw_run/log" || {
        report_text failed "$gw_i" request <"$gw_run/log"
        return 1
      }
    else
      : >"$gw_run/request"
    fi
    report_text request "$gw_i" "$gw_ticket" <"$gw_run/request"
  done
}

gw_verify() {
  machine_identity || return 1
  # shellcheck disable=SC2086
  checks_run $gw_checks
}

# Leases, claims and the transaction are taken in this order; whatever fails puts the machine back.
gw_apply() {
  machine_identity || return 1
  lock_owner
  lock_registry
  registry_open && lease_take || return 1
  unlock_registry
  transaction_settle || return 1
  # shellcheck disable=SC2086
  checks_run $gw_guards || {
    report guarded
    return 1
  }
  observe_all
  lock_registry
  claim_all && transaction_begin || return 1
  unlock_registry
  # shellcheck disable=SC2086
  if apply_all && release_all && checks_run $gw_checks && facts_read; then
    if [ -e "$gw_transaction/armed" ]; then
      deadman_start_over
      report armed
      report unconfirmed
    elif [ -n "$gw_hold" ]; then
      report unconfirmed
    else
      transaction_commit
      report committed
    fi
    return 0
  fi
  if transaction_restore; then
    report restored
    report recheck
    # The old state is what it is: nothing is waited for.
    gw_patience=none
    # shellcheck disable=SC2086
    checks_run $gw_checks
  else
    report unrestored_transaction "$gw_transaction"
  fi
  return 1
}

# A new login proved that the change did not lock anybody out. Checks from elsewhere may still decide about it.
gw_confirm() {
  machine_identity || return 1
  lock_owner
  gw_transaction=$gw_root/transactions/$gw_owner
  if [ ! -d "$gw_transaction" ]; then
    refuse GW307 "the dead-man timer ran out before the change was confirmed"
    return 1
  fi
  if [ -n "$gw_hold" ]; then
    deadman_disarm
    rm -f "$gw_transaction/armed"
    report unconfirmed
    return 0
  fi
  transaction_commit
  registry_close
  report committed
}

# Checks from elsewhere failed: what waits for a confirmation is put back now.
gw_restore() {
  machine_identity || return 1
  lock_owner
  gw_transaction=$gw_root/transactions/$gw_owner
  [ ! -d "$gw_transaction" ] || transaction_restore || return 1
  report restored
}

# Everything is given back: an apply that claims nothing. The folder goes with the last claim.
gw_delete() {
  gw_apply || return 1
  [ -d "$gw_root/transactions/$gw_owner" ] || registry_close
}

# The folder goes with the last claim; what was kept aside stays.
registry_close() {
  lock_registry
  if registry_unused; then
    rm -f "$gw_root/lease" "$gw_root/format" "$gw_root"/reverted-*
    rm -rf "$gw_root/claims" "$gw_root/baseline" "$gw_root/transactions" "$gw_root/downloads" "$gw_root/fetch" "$gw_root/pending" "$gw_root/made"
    rmdir "$gw_root" 2>/dev/null || :
  fi
  unlock_registry
}

# True when nobody claims anything and no other program is about to.
registry_unused() {
  for gw_claim in "$gw_root"/claims/*; do
    [ ! -e "$gw_claim" ] || return 1
  done
  for gw_lock in "$gw_locks"/owner-*; do
    [ "$gw_lock" != "$gw_locks/owner-$gw_owner" ] && [ -e "$gw_lock" ] || continue
    flock -n "$gw_lock" true || return 1
  done
}

# A registry that is gone stays gone.
gw_renew() {
  [ -f "$gw_root/lease" ] || return 0
  lock_registry
  lease_take
}

# A deployment that began something and ended without a claim leaves nothing behind.
gw_leave() {
  [ -d "$gw_root" ] || return 0
  lock_registry
  lease_release
  unlock_registry
  [ -e "$gw_root/lease" ] || registry_close
}

# gw_main OPERATION END: a program that was cut short on its way lacks the last word and does nothing.
# It is the last thing on its line, too.
gw_main() {
  [ "${2-}" = END ] || exit 2
  if [ "$(id -u)" -ne 0 ]; then
    refuse GW205 "user $(id -un) is not root"
    exit 1
  fi
  if [ -z "$gw_run" ]; then
    gw_run=$(mktemp -d /run/groundwork-read.XXXXXX) || exit 1
    trap 'rm -rf "$gw_run"' EXIT
  fi
  if "gw_$1"; then
    report end ok
  else
    report end failed
  fi
}

# shellcheck shell=sh
# allowedForward: set element file; the work is in firewall.sh

allowedForward_observe() { firewall_element_observe; }
allowedForward_observe_many() { firewall_element_observe_many "$@"; }
allowedForward_apply() { firewall_element_apply; }
allowedForward_capture() { firewall_element_capture; }
allowedForward_restore() { firewall_element_restore; }

# shellcheck shell=sh
# allowedPort: set element file; the work is in firewall.sh

allowedPort_observe() { firewall_element_observe; }
allowedPort_observe_many() { firewall_element_observe_many "$@"; }
allowedPort_apply() { firewall_element_apply; }
allowedPort_capture() { firewall_element_capture; }
allowedPort_restore() { firewall_element_restore; }

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# certificate: path (folder and name) common_name alt_names authority owner days

# The key that waits for its certificate, where only root looks.
certificate_pending() { printf '%s/pending/%s.key' "$gw_root" "$gw_hash"; }

certificate_observe() {
  observed=absent
  [ -f "$path.crt" ] && [ -f "$path.key" ] || return 0
  certificate_judge "$path.key" "$path.crt"
  [ "$observed" = valid ] || return 0
  gw_modes=$(stat -c '%a %U' "$path.key" "$path.crt")
  [ "$gw_modes" = "600 $owner${gw_newline}644 root" ] || observed=owner
}

# Sets $observed to `valid`, or to what is wrong with a pair.
certificate_judge() { # KEY CERTIFICATE
  gw_leaf=$(openssl x509 -in "$2" -noout -checkend "$((days * 28800))" -pubkey -subject -nameopt multiline \
    -ext subjectAltName </dev/null 2>/dev/null)
  gw_public=$(openssl pkey -in "$1" -pubout </dev/null 2>/dev/null)
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
      if ! openssl verify -no-CApath -no-CAstore -partial_chain -CAfile "$authority" -untrusted "$2" "$2" \
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
  gw_pending=$(certificate_pending)
  mkdir -p "$gw_root/pending" && chmod 700 "$gw_root" "$gw_root/pending" || return 1
  # One that waits already is taken again: its request may be on its way.
  openssl pkey -in "$gw_pending" -noout </dev/null 2>/dev/null ||
    (umask 077 && limit openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$gw_pending") || return 1
  openssl req -new -key "$gw_pending" -subj "/CN=$common_name" -addext "subjectAltName=$alt_names" </dev/null
}

certificate_apply() {
  gw_pending=$(certificate_pending)
  if [ "$observed" = owner ]; then
    certificate_modes "$path" && certificate_settled
    return
  fi
  [ -f "$gw_pending" ] || {
    echo "no key waits for the certificate"
    return 1
  }
  certificate_judge "$gw_pending" "$TICKET"
  [ "$observed" = valid ] || {
    certificate_complain
    return 1
  }
  mkdir -p "${path%/*}/" || return 1
  rm -f "$path.groundwork-new.key" "$path.groundwork-new.crt"
  (umask 077 && cp "$gw_pending" "$path.groundwork-new.key" && cp "$TICKET" "$path.groundwork-new.crt") &&
    certificate_modes "$path.groundwork-new" &&
    mv -fT "$path.groundwork-new.key" "$path.key" && mv -fT "$path.groundwork-new.crt" "$path.crt" && certificate_settled || {
    rm -f "$path.groundwork-new.key" "$path.groundwork-new.crt"
    return 1
  }
}

certificate_modes() { # PATH without suffix
  chown "$owner:" "$1.key" && chmod 600 "$1.key" && chown root:root "$1.crt" && chmod 644 "$1.crt"
}

certificate_settled() {
  rm -f "$gw_pending"
  rmdir "$gw_root/pending" 2>/dev/null || :
}

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

certificate_restore() { certificate_each file_restore; }

# shellcheck shell=sh
# shellcheck disable=SC2154 # the engine sets the operation's variables

# True when this program or another one wants an item. What this program came to want in an operation
# does not count while that operation is put back.
still_claimed() { # KEY
  gw_own=$gw_root/claims/$gw_owner
  ! grep -qsxF -e "$capture" "$gw_transaction/order" || gw_own=$gw_transaction/claim.before
  for gw_claim in "$gw_root"/claims/* "$gw_own"; do
    [ "$gw_claim" = "$gw_own" ] || [ "$gw_claim" != "$gw_root/claims/$gw_owner" ] || continue
    ! grep -qsF -e "$gw_tab$1$gw_tab" "$gw_claim" || return 0
  done
  return 1
}

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# command: name unless undo; data is the script to run

# The script's descriptors are its own: a daemon that it starts must not hold the engine's locks.
command_script() { # SCRIPT-FILE
  limit sh "$1" </dev/null 3>&- 7>&- 8>&-
}

command_observe() {
  printf '%s' "$unless" >"$gw_run/unless"
  # What it says is evidence when it still fails after the command ran.
  command_script "$gw_run/unless" >>"$gw_run/log" 2>&1
  case $? in
    0) observed=done=yes ;;
    124 | 137) observed=done=unknown ;;
    *) observed=done=no ;;
  esac
}

command_apply() {
  if [ "$observed" = done=unknown ]; then
    echo "\`unless\` gave no answer within $time_limit s"
    return 1
  fi
  (umask 077 && data >"$gw_run/script") || return 1
  command_script "$gw_run/script"
  gw_code=$?
  rm -f "$gw_run/script"
  return "$gw_code"
}

command_capture() { printf '%s\n' "$observed" >"$capture/was"; }

command_restore() {
  [ -n "$undo" ] || return 0
  read -r gw_was <"$capture/was"
  case $gw_was in
    done=no) command_undo ;;
    done=yes)
      command_observe
      [ "$observed" != done=yes ] || return 0
      # A capture holds no `run`: it may be secret, or need a ticket.
      echo "it was undone and cannot be run again from here"
      return 1
      ;;
  esac
}

# A run that was cut short may have left a part of its work while `unless` says that nothing is done. So `undo`
# always runs, and what counts is what `unless` says then.
command_undo() {
  (umask 077 && printf '%s' "$undo" >"$gw_run/script") || return 1
  command_script "$gw_run/script"
  gw_code=$?
  command_observe
  [ "$observed" != done=no ] || return 0
  echo "\`undo\` ended with $gw_code, and \`unless\` still says $observed"
  return 1
}

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# directory: path mode owner group

directory_observe() {
  if [ -L "$path" ]; then
    observed=symlink
  elif [ -d "$path" ]; then
    directory_line "$(stat -c '%a %U:%G' "$path")"
  elif [ -e "$path" ]; then
    observed=other
  else
    observed=absent
  fi
}

directory_line() { # "MODE OWNER:GROUP": sets $observed
  gw_mode=${1%% *}
  while [ ${#gw_mode} -lt 4 ]; do gw_mode=0$gw_mode; done
  observed="directory mode=$gw_mode owner=${1#* }"
}

# One process for all directories: stat prints one line for each argument, in order.
directory_observe_many() {
  gw_many=$*
  gw_regular=''
  set --
  for gw_i in $gw_many; do
    use_item "$gw_i"
    if [ ! -L "$path" ] && [ -d "$path" ]; then
      set -- "$@" "$path"
      gw_regular="$gw_regular $gw_i"
    else
      directory_observe
      remember "$gw_i" "$observed"
    fi
  done
  [ $# -gt 0 ] || return 0
  stat -c '%a %U:%G' "$@" >"$gw_run/stat"
  exec 5<"$gw_run/stat"
  for gw_i in $gw_regular; do
    read -r gw_stat <&5
    directory_line "$gw_stat"
    remember "$gw_i" "$observed"
  done
  exec 5<&-
}

# Five digits: with four, chmod would leave set-id bits that the directory has or inherited.
directory_apply() {
  case $observed in
    symlink | other)
      echo "$path is there and is no directory ($observed)"
      return 1
      ;;
    absent) mkdir -p "${path%/*}/" && mkdir -m 0700 "$path" || return 1 ;;
  esac
  chown "$owner:$group" "$path" && chmod "0$mode" "$path"
}

directory_capture() {
  if [ -d "$path" ] && [ ! -L "$path" ]; then
    stat -c '%a %u:%g' "$path" >"$capture/was"
  elif [ ! -e "$path" ] && [ ! -L "$path" ]; then
    : >"$capture/absent"
    made_note "$path"
  fi
}

directory_restore() {
  if [ -f "$capture/was" ]; then
    directory_attributes
  elif [ -f "$capture/absent" ]; then
    # What lies in it may be another program's, which then takes it away.
    [ ! -d "$path" ] || rmdir "$path" 2>/dev/null || { made_mark "$path" && report kept "$path $gw_key"; }
    made_tidy "$path"
  fi
}

directory_attributes() { # as captured; a directory that is gone comes back empty
  read -r gw_mode gw_ids <"$capture/was"
  [ -d "$path" ] || { made_again "$path" && mkdir "$path"; } || return 1
  chown "$gw_ids" "$path" && chmod "0$gw_mode" "$path"
}

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# download: path urls sha256 member mode
#
# /var/lib/groundwork/downloads/ holds SHA256 (fetched and checked), SHA256.partial, and for each
# item `installed-HASH`: digest and source of what was put at its path, since a member has a digest of its own.

download_source() { printf '%s' "$sha256${member:+#$member}"; }

download_observe() {
  if [ -f "$path" ] && [ ! -L "$path" ]; then
    gw_sum=$(sha256sum <"$path")
    download_line "$(stat -c %a "$path")" "${gw_sum%% *}"
  elif [ -L "$path" ]; then
    observed=symlink
  elif [ -e "$path" ]; then
    observed=other
  else
    observed=absent
  fi
}

# A whole file is its own proof; a member is known by the record of its extraction.
download_line() { # MODE DIGEST: sets $observed
  gw_mode=$1
  while [ ${#gw_mode} -lt 4 ]; do gw_mode=0$gw_mode; done
  gw_from='' gw_put=''
  if [ -f "$gw_root/downloads/installed-$gw_hash" ]; then
    IFS= read -r gw_line <"$gw_root/downloads/installed-$gw_hash"
    gw_put=${gw_line%% *} gw_from=${gw_line#* }
  fi
  if [ -z "$member" ] && [ "$2" = "$sha256" ]; then
    observed="source=$2 mode=$gw_mode intact=yes"
  elif [ -n "$gw_from" ] && [ "$gw_put" = "$2" ]; then
    observed="source=$gw_from mode=$gw_mode intact=yes"
  else
    observed="source=${gw_from:-unknown} mode=$gw_mode intact=no"
  fi
}

# Programs are large: a digest is remembered, in memory, under what every change of the file's bytes changes.
# Device, inode, size and both times in nanoseconds; nobody sets the time of the last change of an inode by hand.
gw_digests=/run/groundwork/digests

# One process for the stamps of all downloads, one for the digests that are not remembered.
download_observe_many() {
  gw_many=$*
  gw_regular=''
  set --
  for gw_i in $gw_many; do
    use_item "$gw_i"
    if [ ! -L "$path" ] && [ -f "$path" ]; then
      set -- "$@" "$path"
      gw_regular="$gw_regular $gw_i"
    else
      download_observe
      remember "$gw_i" "$observed"
    fi
  done
  [ $# -gt 0 ] || return 0
  stat -c '%a %d:%i:%s:%.Y:%.Z' "$@" >"$gw_run/stat"
  gw_new=''
  set --
  exec 5<"$gw_run/stat"
  for gw_i in $gw_regular; do
    use_item "$gw_i"
    read -r gw_stat gw_stamp <&5
    gw_known='' gw_sum=''
    [ ! -f "$gw_digests/$gw_hash" ] || read -r gw_known gw_sum <"$gw_digests/$gw_hash"
    if [ "$gw_known" = "$gw_stamp" ]; then
      download_line "$gw_stat" "$gw_sum"
      remember "$gw_i" "$observed"
    else
      eval "gw_stat_$gw_i=\$gw_stat gw_stamp_$gw_i=\$gw_stamp"
      gw_new="$gw_new $gw_i"
      set -- "$@" "$path"
    fi
  done
  exec 5<&-
  [ $# -gt 0 ] || return 0
  mkdir -p "$gw_digests" && chmod 700 "$gw_digests"
  sha256sum "$@" >"$gw_run/sums"
  exec 6<"$gw_run/sums"
  for gw_i in $gw_new; do
    use_item "$gw_i"
    read -r gw_sum <&6
    # sha256sum marks a name that it had to escape with a backslash before the digest.
    gw_sum=${gw_sum%% *} gw_sum=${gw_sum#\\}
    eval "gw_stat=\$gw_stat_$gw_i gw_stamp=\$gw_stamp_$gw_i"
    printf '%s %s\n' "$gw_stamp" "$gw_sum" >"$gw_digests/$gw_hash"
    download_line "$gw_stat" "$gw_sum"
    remember "$gw_i" "$observed"
  done
  exec 6<&-
}

download_apply() {
  case $observed in
    other)
      echo "$path is neither a file nor absent"
      return 1
      ;;
    "source=$(download_source) mode="*" intact=yes")
      chmod "$mode" "$path"
      return
      ;;
  esac
  mkdir -p "$gw_root/downloads" "$gw_locks" "${path%/*}/" || return 1
  # Streams side by side that want the same bytes fetch them once.
  exec 9>"$gw_locks/download-$sha256"
  flock 9
  download_fetch && download_install
  gw_code=$?
  exec 9>&-
  return "$gw_code"
}

download_fetch() { # brings about $gw_cached
  gw_cached=$gw_root/downloads/$sha256
  [ ! -f "$gw_cached" ] || return 0
  # It may have arrived whole before an interruption.
  ! download_accept || return 0
  gw_ifs=$IFS
  IFS=$gw_newline
  set -f
  # shellcheck disable=SC2086
  set -- $urls
  set +f
  IFS=$gw_ifs
  for gw_url in "$@"; do
    ! download_from "$gw_url" || return 0
  done
  return "$gw_code"
}

download_from() { # URL
  for gw_try in 1 2 3 4; do
    gw_resumed=''
    [ ! -s "$gw_cached.partial" ] || gw_resumed=yes
    gw_http=$(limit curl -fsSgL --proto '=http,https' --proto-redir '=http,https' --connect-timeout 15 \
      --speed-limit 512 --speed-time 30 -C - -w '%{http_code}' -o "$gw_cached.partial" --url "$1" 9>&-)
    gw_code=$?
    ! download_accept || return 0
    case $gw_code/$gw_http in
      0/*)
        echo "$1 serves other bytes, with sha256 ${gw_sum%% *}"
        rm -f "$gw_cached.partial"
        gw_code=1
        # The part from before may have been another file's.
        [ -n "$gw_resumed" ] || return 1
        ;;
      33/* | 36/* | 22/416) rm -f "$gw_cached.partial" ;;
      22/429 | 22/5?? | [567]/* | 18/* | 28/* | 35/* | 5[256]/* | 92/*) sleep "$gw_try" ;;
      *) return "$gw_code" ;;
    esac
  done
  return "$gw_code"
}

download_accept() {
  [ -s "$gw_cached.partial" ] || return 1
  gw_sum=$(sha256sum <"$gw_cached.partial")
  [ "${gw_sum%% *}" = "$sha256" ] && mv -f "$gw_cached.partial" "$gw_cached"
}

download_install() {
  gw_new=$path.groundwork-new
  rm -f "$gw_new"
  download_wanted_later
  download_place && chmod "$mode" "$gw_new" && download_record && mv -fT "$gw_new" "$path" || {
    rm -f "$gw_new"
    return 1
  }
  [ -n "$gw_again" ] || rm -f "$gw_cached" "$gw_cached.partial"
}

# Sets gw_again when another item of this program takes something from the same archive.
download_wanted_later() {
  later_items
  gw_at=$gw_index gw_again='' gw_this=$sha256
  for gw_number in $gw_later; do
    use_item "$gw_number"
    [ "$sha256" != "$gw_this" ] || gw_again=yes
  done
  use_item "$gw_at"
}

download_place() {
  if [ -n "$member" ]; then
    (umask 077 && download_member "$member" || download_member "./$member") >"$gw_new" || return 1
    [ -s "$gw_new" ] || {
      echo "$member in the archive is not a file"
      return 1
    }
  elif [ -n "$gw_again" ]; then
    (umask 077 && cat "$gw_cached" >"$gw_new")
  else
    mv -fT "$gw_cached" "$gw_new" && chown root:root "$gw_new"
  fi
}

# Its first occurrence; of a folder that is nothing, not all that lies in it.
download_member() { tar --no-recursion -xOf "$gw_cached" --occurrence=1 -- "$1"; }

download_record() {
  gw_sum=$sha256
  [ -z "$member" ] || gw_sum=$(sha256sum <"$gw_new")
  gw_file=$gw_root/downloads/installed-$gw_hash
  printf '%s %s\n' "${gw_sum%% *}" "$(download_source)" >"$gw_file.new" && mv -f "$gw_file.new" "$gw_file"
}

download_capture() {
  gw_file=$gw_root/downloads/installed-$gw_hash
  [ ! -f "$gw_file" ] || cp "$gw_file" "$capture/installed" || return 1
  file_capture
}

download_restore() {
  gw_file=$gw_root/downloads/installed-$gw_hash
  if [ -f "$capture/installed" ]; then
    mkdir -p "$gw_root/downloads" && cp "$capture/installed" "$gw_file"
  else
    rm -f "$gw_file"
  fi
  file_restore
}

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2015 # the engine sets the item's variables and reads $observed
# file: path mode owner group validate; data is the content

file_observe() {
  if [ -L "$path" ]; then
    observed=symlink
  elif [ -f "$path" ]; then
    file_line "$(stat -c '%a %U:%G' -- "$path")" "$(sha256sum <"$path")"
  elif [ -e "$path" ]; then
    observed=other
  else
    observed=absent
  fi
}

file_line() { # "MODE OWNER:GROUP" "DIGEST …": sets $observed
  gw_mode=${1%% *}
  while [ ${#gw_mode} -lt 4 ]; do gw_mode=0$gw_mode; done
  observed="file mode=$gw_mode owner=${1#* } sha256=${2%% *}"
}

# Two processes for all files: stat and sha256sum print one line for each argument, in order.
file_observe_many() {
  gw_many=$*
  gw_regular=''
  set --
  for gw_i in $gw_many; do
    use_item "$gw_i"
    if [ ! -L "$path" ] && [ -f "$path" ]; then
      set -- "$@" "$path"
      gw_regular="$gw_regular $gw_i"
    else
      file_observe
      remember "$gw_i" "$observed"
    fi
  done
  [ $# -gt 0 ] || return 0
  stat -c '%a %U:%G' -- "$@" >"$gw_run/stat"
  sha256sum -- "$@" >"$gw_run/sums"
  exec 5<"$gw_run/stat" 6<"$gw_run/sums"
  for gw_i in $gw_regular; do
    read -r gw_stat <&5
    read -r gw_sum <&6
    # sha256sum marks a name that it had to escape with a backslash before the digest.
    file_line "$gw_stat" "${gw_sum#\\}"
    remember "$gw_i" "$observed"
  done
  exec 5<&- 6<&-
}

# The new file appears whole or not at all: written beside the old one, synced, renamed.
file_apply() {
  [ "$observed" != other ] || {
    echo "$path is neither a file nor absent"
    return 1
  }
  [ -d "${path%/*}/" ] || mkdir -p "${path%/*}" || return 1
  gw_new=$path.groundwork-new
  rm -f "$gw_new"
  (umask 077 && data >"$gw_new") && chown "$owner:$group" "$gw_new" && chmod "$mode" "$gw_new" || {
    rm -f "$gw_new"
    return 1
  }
  if [ -n "$validate" ] && ! limit sh -c "$validate" validate "$gw_new"; then
    rm -f "$gw_new"
    return 1
  fi
  mv -fT "$gw_new" "$path"
}

file_capture() {
  if [ -d "$path" ] && [ ! -L "$path" ]; then
    # In the way of a file: apply refuses, and nothing is to be put back.
    : >"$capture/directory"
  elif [ -e "$path" ] || [ -L "$path" ]; then
    cp -a "$path" "$capture/old"
  else
    made_note "$path"
  fi
}

file_restore() {
  [ ! -e "$capture/directory" ] || return 0
  if [ -e "$capture/old" ] || [ -L "$capture/old" ]; then
    made_again "$path" && rm -rf "$path.groundwork-old" && cp -a "$capture/old" "$path.groundwork-old" && mv -fT "$path.groundwork-old" "$path"
  else
    rm -f "$path" || return 1
    made_tidy "$path"
  fi
}

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# What firewallTable, allowedPort and allowedForward share: table inet groundwork, its files and its elements.
#
# /etc/groundwork/firewall.nft           loads all of it in one transaction, at boot too
# /etc/groundwork/firewall.table.nft     the definition
# /etc/groundwork/firewall.d/*.nft       one element each, as its item wants it
# /etc/groundwork/firewall.elements.nft  the same traffic without overlaps: nft refuses 10.0.0.0/24 . 22 where
#                                        10.0.0.0/8 . 22 is, and would drop both when the wider one is deleted

gw_firewall=/etc/groundwork

firewall_locked() { # COMMAND…
  mkdir -p "$gw_locks" || return 1
  exec 9>"$gw_locks/nft"
  flock 9
  "$@"
  gw_code=$?
  exec 9>&-
  return "$gw_code"
}

firewall_nft() { limit nft "$@" 9>&-; }

firewall_loader() { # [TABLE-FILE]; the empty line ends a definition whose file has no last newline
  printf '%s\n' '# Loads the table of Groundwork and touches no other.' \
    'table inet groundwork' \
    'delete table inet groundwork' \
    "include \"${1:-$gw_firewall/firewall.table.nft}\"" \
    '' \
    "include \"$gw_firewall/firewall.elements.nft\""
}

firewall_folder() {
  made_note "$gw_firewall/firewall.d/" && mkdir -p "$gw_firewall/firewall.d"
}

# The last file takes the rest along.
firewall_tidy() {
  firewall_elements || return
  [ ! -s "$gw_firewall/firewall.elements.nft" ] && [ ! -e "$gw_firewall/firewall.nft" ] || return 0
  rm -f "$gw_firewall/firewall.elements.nft"
  made_tidy "$gw_firewall/firewall.d/"
}

# Writes what firewall.d wants as elements that do not overlap.
firewall_elements() {
  [ -d "$gw_firewall" ] || return 0
  set -- "$gw_firewall/firewall.d"/*.nft
  [ -e "$1" ] || set -- /dev/null
  gw_new=$gw_firewall/firewall.elements.nft.groundwork-new
  firewall_awk source=wanted "$@" >"$gw_new" && mv -fT "$gw_new" "$gw_firewall/firewall.elements.nft"
}

# Puts the elements of a set into the live table, all at once; without that table there is nothing to do.
firewall_sync() { # SET
  firewall_nft list set inet groundwork "$1" >/dev/null 2>&1 || return 0
  {
    printf 'flush set inet groundwork %s\n' "$1"
    [ ! -f "$gw_firewall/firewall.elements.nft" ] ||
      grep "^add element inet groundwork $1 " "$gw_firewall/firewall.elements.nft"
  } >"$gw_run/nft"
  firewall_nft -f "$gw_run/nft"
}

# Networks as their prefix bits, ports as 16 bits: one contains another when its bits start the other's.
#   source=wanted FILES  prints their elements without overlaps;
#   source=boot FILE source=live LISTING source=asked FILE  answers each line `SET ELEMENT` with `boot=… live=…`;
#   source=boot FILE source=live LISTING source=foreign /dev/null  prints live elements that nobody wants.
firewall_awk() { # ARGUMENTS
  awk '
    function address_bits(text,  parts, count, bits, i, length_, gap, groups) {
      length_ = split(text, parts, "/") == 2 ? parts[2] : ""
      text = parts[1]
      if (index(text, ":") == 0) {
        split(text, parts, ".")
        for (i = 1; i <= 4; i++) bits = bits binary(parts[i], 8)
        return length_ == "" ? bits : substr(bits, 1, length_)
      }
      if (match(text, /[0-9]+\.[0-9.]+$/)) {
        split(substr(text, RSTART), parts, ".")
        text = substr(text, 1, RSTART - 1) hexadecimal(parts[1] * 256 + parts[2]) ":" hexadecimal(parts[3] * 256 + parts[4])
      }
      gap = index(text, "::")
      if (gap > 0) {
        groups = substr(text, gap + 2)
        bits = groups_bits(substr(text, 1, gap - 1))
        groups = groups_bits(groups)
        while (length(bits) + length(groups) < 128) bits = bits "0"
        bits = bits groups
      } else bits = groups_bits(text)
      return length_ == "" ? bits : substr(bits, 1, length_)
    }
    function groups_bits(text,  parts, count, i, j, value, bits) {
      count = split(text, parts, ":")
      for (i = 1; i <= count; i++) {
        value = 0
        for (j = 1; j <= length(parts[i]); j++)
          value = value * 16 + index("0123456789abcdef", tolower(substr(parts[i], j, 1))) - 1
        bits = bits binary(value, 16)
      }
      return bits
    }
    function binary(value, width,  bits) {
      while (width-- > 0) {
        bits = value % 2 bits
        value = int(value / 2)
      }
      return bits
    }
    function number(bits,  i, value) {
      value = 0
      for (i = 1; i <= length(bits); i++) value = value * 2 + substr(bits, i, 1)
      return value
    }
    function hexadecimal(value) { return sprintf("%x", value) }
    function address(bits, set,  width, prefix, i, text) {
      width = set ~ /4$/ ? 32 : 128
      prefix = length(bits)
      while (length(bits) < width) bits = bits "0"
      for (i = 1; i < width; i += width == 32 ? 8 : 16)
        text = text (i > 1 ? (width == 32 ? "." : ":") : "") \
          (width == 32 ? number(substr(bits, i, 8)) : hexadecimal(number(substr(bits, i, 16))))
      return text "/" prefix
    }
    function second(text) { return text ~ /[.:]/ ? address_bits(text) : binary(text, 16) }

    # A box is a pair: first (a network, or nothing) and second (a network or a port).
    function element(set, text,  parts, ports, port) {
      sub(/ (counter|timeout|expires|comment) .*/, "", text)
      if (split(text, parts, / \. /) == 2) take(set, address_bits(parts[1]), second(parts[2]))
      else if (split(text, ports, "-") == 2) {
        for (port = ports[1] + 0; port <= ports[2] + 0; port++) take(set, "", binary(port, 16))
      } else take(set, "", second(text))
    }
    function take(set, first, last,  key) {
      if (source == "asked") {
        print "boot=" (covered("boot", set, first, last) ? "yes" : "no") \
          " live=" (covered("live", set, first, last) ? "yes" : "no")
        return
      }
      key = source " " set
      sets[set] = 1
      count[key]++
      firsts[key, count[key]] = first
      lasts[key, count[key]] = last
    }
    function nested(a, b) { return index(a, b) == 1 || index(b, a) == 1 }
    # Pieces left[1..pieces] of a box after the boxes of a source are cut out of it.
    function covered(from, set, first, last,  i) {
      pieces = 1
      left_first[1] = first
      left_last[1] = last
      for (i = 1; i <= count[from " " set] && pieces > 0; i++)
        cut(firsts[from " " set, i], lasts[from " " set, i])
      return pieces == 0
    }
    function cut(first, last,  i, j, a, b, kept, keep_first, keep_last) {
      kept = 0
      for (i = 1; i <= pieces; i++) {
        a = left_first[i]
        b = left_last[i]
        if (!nested(a, first) || !nested(b, last)) {
          keep_first[++kept] = a
          keep_last[kept] = b
          continue
        }
        for (j = length(a) + 1; j <= length(first); j++) {
          keep_first[++kept] = substr(first, 1, j - 1) (1 - substr(first, j, 1))
          keep_last[kept] = b
        }
        if (length(first) > length(a)) a = first
        for (j = length(b) + 1; j <= length(last); j++) {
          keep_first[++kept] = a
          keep_last[kept] = substr(last, 1, j - 1) (1 - substr(last, j, 1))
        }
      }
      pieces = kept
      for (i = 1; i <= kept; i++) {
        left_first[i] = keep_first[i]
        left_last[i] = keep_last[i]
      }
    }

    # Wide boxes first: what lies in one of them vanishes, and only crossing ones are cut.
    function apart(set,  key, i, j, size, text) {
      key = "wanted " set
      for (size = 0; size <= 256; size++)
        for (i = 1; i <= count[key]; i++)
          if (length(firsts[key, i] lasts[key, i]) == size && !covered("apart", set, firsts[key, i], lasts[key, i]))
            for (j = 1; j <= pieces; j++) {
              count["apart " set]++
              firsts["apart " set, count["apart " set]] = left_first[j]
              lasts["apart " set, count["apart " set]] = left_last[j]
              text = text (text == "" ? "" : ", ") printed(set, left_first[j], left_last[j])
            }
      print "add element inet groundwork " set " { " text " }"
    }
    function printed(set, first, last) {
      if (set ~ /_any$/) return number(last)
      return address(first, set) " . " (set ~ /^forward/ ? address(last, set) : number(last))
    }
    function known(set) { return set ~ /^((tcp|udp)_(any|ip4|ip6)|forward_ip[46])$/ }
    function elements(set, text,  list, total, i) {
      sub(/^[^{]*\{ */, "", text)
      sub(/ *\}.*/, "", text)
      total = split(text, list, / *, */)
      for (i = 1; i <= total; i++) if (list[i] != "") element(set, list[i])
    }

    source == "asked" {
      set = $1
      sub(/^[^ ]+ /, "")
      element(set, $0)
      next
    }
    source != "live" {
      if (/^add element inet groundwork [a-z0-9_]+ \{.*\}/ && known($5)) elements($5, $0)
      next
    }
    $1 == "set" { set = $2 }
    $1 == "elements" { body = "" ; inside = 1 }
    inside {
      gsub(/^[ \t]+/, "")
      body = body " " $0
      if (index($0, "}") > 0) {
        inside = 0
        if (known(set)) elements(set, body)
      }
    }
    END {
      if (source == "wanted") for (set in sets) apart(set)
      if (source == "foreign")
        for (set in sets)
          for (i = 1; i <= count["live " set]; i++)
            if (!covered("boot", set, firsts["live " set, i], lasts["live " set, i]))
              print set, printed(set, firsts["live " set, i], lasts["live " set, i])
    }
  ' "$@"
}

# --- one element: set element file ---

firewall_element_line() { printf 'add element inet groundwork %s { %s }' "$set" "$element"; }

firewall_element_judge() { # ANSWER: sets $observed
  observed=$1 gw_line=''
  gw_file=$gw_firewall/firewall.d/$file
  [ ! -f "$gw_file" ] || IFS= read -r gw_line <"$gw_file" || :
  [ "$gw_line" = "$(firewall_element_line)" ] || observed="boot=no ${1#* }"
}

firewall_answers() { # questions in $gw_run/asked, answers in $gw_run/answers
  gw_elements=$gw_firewall/firewall.elements.nft
  [ -f "$gw_elements" ] || gw_elements=/dev/null
  nft list table inet groundwork </dev/null >"$gw_run/live" 2>/dev/null
  firewall_awk source=boot "$gw_elements" source=live "$gw_run/live" source=asked "$gw_run/asked" >"$gw_run/answers"
}

firewall_element_observe() {
  printf '%s %s\n' "$set" "$element" >"$gw_run/asked"
  firewall_answers
  read -r gw_answer <"$gw_run/answers"
  firewall_element_judge "$gw_answer"
}

firewall_element_observe_many() { # INDEX…
  for gw_i in "$@"; do
    use_item "$gw_i"
    printf '%s %s\n' "$set" "$element"
  done >"$gw_run/asked"
  firewall_answers
  exec 5<"$gw_run/answers"
  for gw_i in "$@"; do
    use_item "$gw_i"
    read -r gw_answer <&5
    firewall_element_judge "$gw_answer"
    remember "$gw_i" "$observed"
  done
  exec 5<&-
}

firewall_element_apply() {
  firewall_nft list set inet groundwork "$set" >/dev/null || {
    echo "table inet groundwork with its set $set is not there: a firewallTable makes it"
    return 1
  }
  firewall_locked firewall_element_add
}

firewall_element_add() {
  gw_file=$gw_firewall/firewall.d/$file
  firewall_folder && printf '%s\n' "$(firewall_element_line)" >"$gw_file.groundwork-new" &&
    mv -fT "$gw_file.groundwork-new" "$gw_file" && firewall_elements && firewall_sync "$set"
}

firewall_element_capture() {
  gw_file=$gw_firewall/firewall.d/$file
  [ ! -f "$gw_file" ] || cp -a "$gw_file" "$capture/element"
}

firewall_element_restore() { firewall_locked firewall_element_back; }

firewall_element_back() {
  gw_file=$gw_firewall/firewall.d/$file
  if [ -f "$capture/element" ]; then
    firewall_folder && cp -a "$capture/element" "$gw_file" || return 1
  else
    rm -f "$gw_file" || return 1
  fi
  firewall_elements && firewall_sync "$set" && firewall_tidy
}

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# firewallTable: data is the definition
#
# /var/lib/groundwork/firewall.listing is the digest of nft's own listing of the table as it was loaded:
# the kernel's table is the same as long as it lists the same, after a boot too.

firewallTable_observe() {
  gw_digest=none gw_live=absent
  if [ -f "$gw_firewall/firewall.table.nft" ] && [ -f "$gw_firewall/firewall.nft" ] &&
    [ "$(cat "$gw_firewall/firewall.nft")" = "$(firewall_loader)" ]; then
    gw_digest=$(sha256sum <"$gw_firewall/firewall.table.nft")
    gw_digest=${gw_digest%% *}
  fi
  gw_now=$(firewallTable_listing) && {
    gw_live=changed
    gw_loaded=''
    [ ! -f "$gw_root/firewall.listing" ] || read -r gw_loaded <"$gw_root/firewall.listing"
    [ "$gw_now" != "$gw_loaded" ] || [ -n "$(firewallTable_foreign)" ] || gw_live=as-loaded
  }
  observed="sha256=$gw_digest live=$gw_live"
}

firewallTable_listing() { # prints the digest; fails without a table
  nft --stateless --terse list table inet groundwork </dev/null >"$gw_run/listing" 2>/dev/null || return
  gw_sum=$(sha256sum <"$gw_run/listing")
  printf '%s\n' "${gw_sum%% *}"
}

# Openings that somebody made by hand.
firewallTable_foreign() {
  gw_elements=$gw_firewall/firewall.elements.nft
  [ -f "$gw_elements" ] || gw_elements=/dev/null
  nft list table inet groundwork </dev/null >"$gw_run/live" 2>/dev/null
  firewall_awk source=boot "$gw_elements" source=live "$gw_run/live" source=foreign /dev/null
}

firewallTable_apply() { firewall_locked firewallTable_load; }

firewallTable_load() {
  gw_table=$gw_firewall/firewall.table.nft
  firewall_folder && data >"$gw_table.groundwork-new" && firewall_elements || return 1
  firewall_loader "$gw_table.groundwork-new" >"$gw_run/nft"
  if ! firewall_nft -c -f "$gw_run/nft"; then
    rm -f "$gw_table.groundwork-new"
    return 1
  fi
  firewall_loader >"$gw_firewall/firewall.nft.groundwork-new" &&
    mv -fT "$gw_table.groundwork-new" "$gw_table" &&
    mv -fT "$gw_firewall/firewall.nft.groundwork-new" "$gw_firewall/firewall.nft" &&
    firewallTable_start
}

firewallTable_start() {
  firewall_nft -f "$gw_firewall/firewall.nft" && firewallTable_listing >"$gw_root/firewall.listing"
}

firewallTable_capture() {
  for gw_name in firewall.nft firewall.table.nft; do
    [ ! -f "$gw_firewall/$gw_name" ] || cp -a "$gw_firewall/$gw_name" "$capture/" || return 1
  done
  case $observed in
    *live=as-loaded) : >"$capture/as-loaded" ;;
    *live=changed)
      nft list table inet groundwork >"$capture/live" || return 1
      [ ! -f "$gw_root/firewall.listing" ] || cp "$gw_root/firewall.listing" "$capture/listing"
      ;;
  esac
}

firewallTable_restore() { firewall_locked firewallTable_back; }

firewallTable_back() {
  for gw_name in firewall.nft firewall.table.nft; do
    if [ -f "$capture/$gw_name" ]; then
      made_again "$gw_firewall/$gw_name" && cp -a "$capture/$gw_name" "$gw_firewall/$gw_name" || return 1
    else
      rm -f "$gw_firewall/$gw_name" || return 1
    fi
  done
  firewall_tidy || return
  # Elements may have come and gone beside it: a table of ours is loaded with those of today.
  if [ -f "$capture/as-loaded" ]; then
    firewallTable_start
    return
  fi
  rm -f "$gw_root/firewall.listing"
  [ ! -f "$capture/listing" ] || cp "$capture/listing" "$gw_root/firewall.listing"
  {
    printf 'table inet groundwork\ndelete table inet groundwork\n'
    [ ! -f "$capture/live" ] || cat "$capture/live"
  } >"$gw_run/nft"
  ! command -v nft >/dev/null || firewall_nft -f "$gw_run/nft"
}

# shellcheck shell=sh
# shellcheck disable=SC2154 # the engine sets the item's variables

# Sets gw_later to the later items of the current one's kind that were not as desired before the first change.
later_items() {
  gw_later=''
  [ -n "$gw_index" ] || return 0
  gw_at=$gw_index
  eval "gw_same=\${gw_items_$gw_kind-}"
  for gw_number in $gw_same; do
    [ "$gw_number" -gt "$gw_at" ] || continue
    use_item "$gw_number"
    eval "gw_seen=\$gw_observed_$gw_number"
    [ "$gw_seen" = "$gw_desired" ] || gw_later="$gw_later $gw_number"
  done
  use_item "$gw_at"
}

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2015 # the engine sets the item's variables; `a && b || c` is meant
# Folders above an item's path that had to be made. Several items may come to lie in one, so whoever
# is put back last takes it away: /var/lib/groundwork/made mirrors them, each with a file `.made`.

# Before a change: marks the folders above PATH that are not there.
made_note() { # PATH
  gw_parent=${1%/*}
  while [ -n "$gw_parent" ] && [ ! -d "$gw_parent" ]; do
    made_mark "$gw_parent" || return 1
    gw_parent=${gw_parent%/*}
  done
}

# Brings back the folders above PATH that an earlier restore of the same operation may have taken away.
made_again() { # PATH
  made_note "$1" && mkdir -p "${1%/*}/"
}

made_mark() { mkdir -p "$gw_root/made$1" && : >"$gw_root/made$1/.made"; }

# After a restore: takes away the marked folders above PATH, as far as they are empty and nobody's.
made_tidy() { # PATH
  gw_parent=${1%/*}
  while [ -n "$gw_parent" ]; do
    if [ -e "$gw_root/made$gw_parent/.made" ]; then
      if [ -d "$gw_parent" ]; then
        ! still_claimed "directory:$gw_parent" && ! still_claimed "stateDirectory:$gw_parent" || return 0
        rmdir "$gw_parent" 2>/dev/null || return 0
      fi
      rm -f "$gw_root/made$gw_parent/.made"
      (cd "$gw_root" && rmdir -p "made$gw_parent" 2>/dev/null) || :
    fi
    gw_parent=${gw_parent%/*}
  done
}

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# package: name version hold
#
# A capture holds `was` (STATE VERSION HOLD), and once apt ran `packages`: what else that run
# installed (`new NAME`), removed (`gone NAME=VERSION`) or replaced (`changed NAME=VERSION`).

# --- what is there ---

package_look() { # NAME…: reads their states into gw_dpkg
  gw_dpkg=$(dpkg-query -W -f '${Package}\t${db:Status-Abbrev}\t${Architecture}\t${Version}\n' \
    -- "$@" 2>/dev/null </dev/null)
  gw_dpkg=$gw_newline$gw_dpkg$gw_newline
  package_native
}

package_native() { # sets gw_native, empty on a machine with one architecture
  gw_native=''
  [ ! -f /var/lib/dpkg/arch ] || read -r gw_native </var/lib/dpkg/arch
}

package_take() { # NAME: sets gw_state, gw_version, gw_held
  gw_rest=$gw_dpkg gw_state=absent gw_version=- gw_held=no
  while :; do
    case $gw_rest in
      *"$gw_newline$1$gw_tab"*) gw_rest=${gw_rest#*"$gw_newline$1$gw_tab"} ;;
      *) return 0 ;;
    esac
    gw_line=${gw_rest%%"$gw_newline"*}
    gw_rest=$gw_newline${gw_rest#*"$gw_newline"}
    gw_abbreviation=${gw_line%%"$gw_tab"*}
    gw_line=${gw_line#*"$gw_tab"}
    case ${gw_line%%"$gw_tab"*} in
      "$gw_native" | all | '') break ;;
    esac
    [ -n "$gw_native" ] || break
  done
  gw_version=${gw_line#*"$gw_tab"}
  case $gw_abbreviation in
    h*) gw_held=yes ;;
  esac
  case $gw_abbreviation in
    ??R) gw_state=broken ;;
    ?[iWt]*) gw_state=installed ;;
    ?c*) gw_state=removed ;;
    ?n*) gw_state=absent gw_version=- ;;
    *) gw_state=broken ;;
  esac
}

package_judge() { # sets $observed from what was taken
  case $gw_state in
    installed) observed="installed${version:+ version=$gw_version} hold=$gw_held" ;;
    removed) observed=absent ;;
    *) observed=$gw_state ;;
  esac
}

package_observe() {
  package_look "$name"
  package_take "$name"
  package_judge
}

package_observe_many() {
  gw_many=$*
  set --
  for gw_i in $gw_many; do
    use_item "$gw_i"
    set -- "$@" "$name"
  done
  package_look "$@"
  for gw_i in $gw_many; do
    use_item "$gw_i"
    package_take "$name"
    package_judge
    remember "$gw_i" "$observed"
    eval "gw_package_first_$gw_i=\"\$gw_state \$gw_version \$gw_held\""
  done
}

# --- capture ---

# What counts as "before" is the state before the first change of the run: one run of apt may bring several items.
package_capture() {
  eval "gw_first=\${gw_package_first_$gw_index-}"
  if [ -z "$gw_first" ]; then
    package_look "$name"
    package_take "$name"
    gw_first="$gw_state $gw_version $gw_held"
  fi
  printf '%s\n' "$gw_first" >"$capture/was"
  case $gw_index/$version/$gw_first in
    /* | *//* | */"installed $version "*) ;;
    */installed\ *) package_keep "$gw_first" ;;
  esac
}

# Another version is to come: keeps the old one's archive, and whether it was there for others only.
package_keep() { # STATE
  gw_version=${1#* }
  gw_version=${gw_version%% *}
  apt-mark showauto -- "$name" </dev/null >"$capture/auto"
  for gw_archive in "/var/cache/apt/archives/${name}_$(package_escaped "$gw_version")"_*.deb; do
    [ ! -f "$gw_archive" ] || { cp "$gw_archive" "$capture/" && return 0; }
  done
  # The sources may have dropped it. Then a restore can only try.
  (cd "$capture" && limit apt-get -q -o APT::Sandbox::User=root download "$name=$gw_version" </dev/null) || :
}

package_escaped() { # VERSION as in file names of archives
  case $1 in
    *:*) printf '%s%%3a%s' "${1%%:*}" "${1#*:}" ;;
    *) printf '%s' "$1" ;;
  esac
}

# --- apply ---

package_apply() {
  case $observed in
    "installed${version:+ version=$version} hold="*) ;;
    *) package_bring || return ;;
  esac
  package_look "$name"
  package_take "$name"
  [ "$gw_held" = "$hold" ] || package_hold "$hold" "$name"
}

package_hold() { # yes|no NAME…
  gw_verb=unhold
  [ "$1" = no ] || gw_verb=hold
  shift
  package_tool apt-mark "$gw_verb" -- "$@"
}

# Installs the current item, and the absent ones next to it that would each need their own run of apt.
package_bring() {
  gw_captures=$gw_capture gw_seconds=$time_limit gw_single=$name${version:+=$version} gw_specs='' gw_batch=''
  package_batch || return
  package_list >"${gw_captures%%"$gw_newline"*}/before" || return
  # shellcheck disable=SC2086 # neither names nor versions hold blanks or patterns
  package_install "$gw_single" $gw_specs
  gw_code=$?
  if [ "$gw_code" -ne 0 ] && [ -n "$gw_batch" ]; then
    gw_batch=''
    # shellcheck disable=SC2086
    package_drop_broken $gw_specs
    package_install "$gw_single"
    gw_code=$?
  fi
  package_record
  [ "$gw_code" -eq 0 ] && package_batch_done
}

# Captures the others now: when it is their turn, they are there already.
package_batch() {
  gw_at=$gw_index gw_at_observed=$observed gw_next=$gw_index
  for gw_number in $gw_items_package; do
    [ "$gw_number" -gt "$gw_at" ] || continue
    gw_next=$((gw_next + 1))
    [ "$gw_number" -eq "$gw_next" ] || break
    use_item "$gw_number"
    eval "observed=\$gw_observed_$gw_number"
    [ "$observed" = absent ] && [ -z "$gw_endangers" ] || continue
    capture_before || return
    gw_captures=$gw_captures$gw_newline$gw_capture
    gw_batch="$gw_batch $gw_number"
    gw_specs="$gw_specs $name${version:+=$version}"
    gw_seconds=$((gw_seconds + time_limit))
  done
  use_item "$gw_at"
  observed=$gw_at_observed
}

# One that cannot be configured makes apt refuse the rest; it fails again when it is its turn.
package_drop_broken() { # NAME[=VERSION]…
  for gw_spec in "$@"; do
    package_look "${gw_spec%%=*}"
    package_take "${gw_spec%%=*}"
    [ "$gw_state" != broken ] || package_tool dpkg --purge -- "${gw_spec%%=*}"
  done
}

# The others changed in this run, too: what depends on them has to know.
package_batch_done() {
  gw_at=$gw_index
  set --
  for gw_number in $gw_batch; do
    use_item "$gw_number"
    [ "$hold" = no ] || set -- "$@" "$name"
  done
  [ $# -eq 0 ] || package_hold yes "$@"
  for gw_number in $gw_batch; do
    use_item "$gw_number"
    package_observe
    [ "$observed" = "$gw_desired" ] || continue
    gw_changed=$gw_changed$gw_newline$gw_key
    report changed "$gw_number" absent
  done
  use_item "$gw_at"
}

package_install() { # NAME[=VERSION]…
  package_settle
  ! package_lists_old || package_update
  package_try "$@" && return
  gw_code=$?
  [ -z "${gw_updated-}" ] && grep -Eq 'Unable to locate|no installation candidate|was not found|404 |to fetch' "$gw_run/tool" || return "$gw_code"
  package_update
  package_try "$@"
}

package_try() { # NAME[=VERSION]…
  for gw_spec in "$@"; do
    package_known "${gw_spec%%=*}" || return 100
  done
  package_apt install --allow-downgrades --allow-change-held-packages -- "$@"
}

# apt-get would take a name that it does not know and that ends in a sign, or holds a dot, as more than a name.
package_known() { # NAME
  case $1 in
    *.* | *+ | *-) ;;
    *) return 0 ;;
  esac
  apt-cache pkgnames -- "$1" </dev/null >"$gw_run/tool" && grep -qxF -e "$1" "$gw_run/tool" && return
  echo "E: Unable to locate package $1" | tee "$gw_run/tool"
  return 1
}

package_apt() { # ARGUMENTS…
  package_tool apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef -o Acquire::Retries=3 "$@"
}

# What an interrupted run left half-done would make every other refuse.
package_settle() {
  set -- /var/lib/dpkg/updates/*
  [ ! -e "$1" ] || package_tool dpkg --force-confold --configure -a
}

# None yet, older than a day, or older than the list of sources.
package_lists_old() {
  set -- /var/lib/apt/lists/*_Packages*
  [ -e "$1" ] || return 0
  gw_stale=$(
    find /var/lib/apt/lists/partial -maxdepth 0 -mmin +1440
    find /etc/apt/sources.list /etc/apt/sources.list.d -newer /var/lib/apt/lists/partial 2>/dev/null
  )
  [ -n "$gw_stale" ]
}

package_update() {
  gw_updated=yes
  package_apt update
}

# Runs a tool of dpkg or apt; the machine's own timers use them, too, and not every lock can be waited for.
package_tool() {
  gw_tries=60
  while :; do
    locked dpkg timeout -k 5 "${gw_seconds:-$time_limit}" "$@" </dev/null >"$gw_run/tool" 2>&1
    gw_code=$?
    [ "$gw_code" -ne 0 ] && [ "$gw_tries" -gt 0 ] &&
      grep -Eq 'Could not get lock|lock was locked|Unable to lock|Unable to acquire' "$gw_run/tool" || break
    gw_tries=$((gw_tries - 1))
    sleep 1
  done
  cat "$gw_run/tool"
  return "$gw_code"
}

package_list() {
  dpkg-query -W -f '${db:Status-Abbrev}\t${Package}:${Architecture}\t${Version}\n' </dev/null
}

package_differences() { # FILE of package_list from before
  package_native
  package_list >"$gw_run/packages"
  awk -F '\t' -v native="$gw_native" '
    function plain(name) {
      sub(native == "" ? ":[^:]*$" : ":(all|" native ")$", "", name)
      return name
    }
    $1 !~ /^.[iWt]/ { next }
    FILENAME == ARGV[1] { before[$2] = $3; next }
    { after[$2] = 1 }
    !($2 in before) { print "new " plain($2); next }
    before[$2] != $3 { print "changed " plain($2) "=" before[$2] }
    END { for (name in before) if (!(name in after)) print "gone " plain(name) "=" before[name] }
  ' "$1" "$gw_run/packages"
}

# Every item of the run gets the record; so does its baseline, by which it is taken back one day.
package_record() {
  gw_first=${gw_captures%%"$gw_newline"*}
  package_differences "$gw_first/before" >"$gw_run/differences"
  gw_ifs=$IFS
  IFS=$gw_newline
  for gw_folder_of in $gw_captures; do
    cat "$gw_run/differences" >>"$gw_folder_of/packages"
    case $gw_folder_of in
      "$gw_root/baseline/"*) ;;
      *) cat "$gw_run/differences" >>"$gw_root/baseline/${gw_folder_of##*/}/packages" ;;
    esac
  done
  IFS=$gw_ifs
  rm -f "$gw_first/before"
}

# --- restore ---

package_restore() {
  gw_seconds=$time_limit
  package_settle
  if [ -f "$capture/before" ]; then
    package_differences "$capture/before" >>"$capture/packages"
    rm -f "$capture/before"
  fi
  read -r gw_was gw_was_version gw_was_hold <"$capture/was"
  package_look "$name"
  package_take "$name"
  case $gw_was/$gw_state in
    absent/absent | removed/absent | removed/removed) return 0 ;;
    absent/*) package_take_away --purge ;;
    removed/*) package_take_away --remove ;;
    installed/*) package_back ;;
  esac
}

# dpkg refuses what others need; those may be taken away later, and this one with them in the second pass.
package_take_away() { # --purge|--remove
  package_tool dpkg "$1" -- "$name" && return
  gw_code=$?
  grep -q 'dependency problems' "$gw_run/tool" && package_tool apt-mark auto -- "$name" || return "$gw_code"
}

package_back() {
  if [ "$gw_state" != installed ] || { [ -n "$version" ] && [ "$gw_version" != "$gw_was_version" ]; }; then
    package_old || return
    [ ! -s "$capture/auto" ] || package_tool apt-mark auto -- "$name"
  fi
  package_look "$name"
  package_take "$name"
  [ "$gw_held" = "$gw_was_hold" ] || package_hold "$gw_was_hold" "$name"
}

# First with what came along at its old version, then alone.
package_old() {
  gw_spec=$name=$gw_was_version
  for gw_archive in "$capture"/*.deb; do
    [ ! -f "$gw_archive" ] || gw_spec=$gw_archive
  done
  set --
  package_words changed
  for gw_word in $gw_words; do
    [ "${gw_word%%=*}" = "$name" ] || set -- "$@" "$gw_word"
  done
  [ $# -gt 0 ] && package_apt install --allow-downgrades --allow-change-held-packages -- "$gw_spec" "$@" ||
    package_apt install --allow-downgrades --allow-change-held-packages -- "$gw_spec" ||
    { package_update && package_apt install --allow-downgrades --allow-change-held-packages -- "$gw_spec"; }
}

package_words() { # KIND of difference: sets gw_words
  gw_words=''
  [ -f "$capture/packages" ] || return 0
  while read -r gw_word gw_rest; do
    [ "$gw_word" != "$1" ] || gw_words="$gw_words $gw_rest"
  done <"$capture/packages"
}

# Once all is back: what came along and nobody needs goes, and what had to give way returns.
package_after_restore() {
  gw_seconds=$time_limit
  read -r gw_was _ <"$capture/was"
  package_words new
  [ "$gw_was" = installed ] || gw_words="$name $gw_words"
  # shellcheck disable=SC2086
  package_leftover $gw_words
  package_words gone
  # shellcheck disable=SC2086
  package_returning $gw_words
}

package_leftover() { # NAME…
  package_present "$@"
  [ -n "$gw_present" ] || return 0
  gw_installed=$gw_present
  apt-get -s autoremove --purge -o APT::AutoRemove::RecommendsImportant=false \
    -o APT::AutoRemove::SuggestsImportant=false </dev/null >"$gw_run/removable" 2>/dev/null
  set --
  for gw_word in $gw_installed; do
    grep -qF "Purg $gw_word [" "$gw_run/removable" || continue
    if still_claimed "package:$gw_word"; then
      package_hand_over "$gw_word"
    else
      set -- "$@" "$gw_word"
    fi
  done
  [ $# -eq 0 ] || package_tool dpkg --purge -- "$@"
  [ "$gw_was" != installed ] || return 0
  package_present "$name"
  [ -z "$gw_present" ] || still_claimed "package:$name" || report kept "$name $gw_key"
}

# It came along with what goes now, and somebody came to want it: who wants it last takes it away.
package_hand_over() { # NAME
  gw_sum=$(printf 'package:%s' "$1" | sha256sum)
  gw_baseline=$gw_root/baseline/$(printf '%.32s' "$gw_sum")
  package_tool apt-mark manual -- "$1"
  [ -f "$gw_baseline/was" ] || return 0
  printf 'absent - no\n' >"$gw_baseline/was"
  # shellcheck disable=SC2086 # neither names nor versions hold blanks or patterns
  printf 'new %s\n' $gw_installed >>"$gw_baseline/packages"
}

package_present() { # NAME…: sets gw_present to those that are installed
  gw_present=''
  package_look "$@"
  for gw_word in "$@"; do
    package_take "${gw_word%:*}"
    case $gw_state in
      installed | broken) gw_present="$gw_present $gw_word" ;;
    esac
  done
}

# Unless something that stays is in its way still: then that item's own restore brings it back.
package_returning() { # NAME=VERSION…
  for gw_gone in "$@"; do
    package_present "${gw_gone%%=*}"
    [ -z "$gw_present" ] || continue
    package_apt install --no-remove -- "$gw_gone" || package_apt install --no-remove -- "${gw_gone%%=*}" ||
      grep -q 'remove is disabled' "$gw_run/tool" ||
      printf '%s: %s could not be installed again' "$gw_key" "$gw_gone" | report_text unrestored
  done
}

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# service: unit enabled running restart_on reload_on

# Reads units into gw_unit_1, gw_unit_2 …, and how many answered into gw_units. One process, and one more for
# those with links: systemd remembers that state and would miss a link that somebody removed.
service_look() { # UNIT…
  systemctl show -p Id,LoadState,UnitFileState,WantedBy,RequiredBy,UpheldBy,TriggeredBy,ActiveState,SubState,Type \
    -- "$@" </dev/null >"$gw_run/units" 2>/dev/null
  gw_units=0 gw_linked=''
  set --
  exec 5<"$gw_run/units"
  while service_block; do
    gw_units=$((gw_units + 1))
    service_keep "gw_unit_$gw_units"
    case $gw_file in
      enabled | disabled)
        gw_linked="$gw_linked $gw_units"
        set -- "$@" "$gw_id"
        ;;
    esac
  done
  if [ $# -gt 0 ]; then
    systemctl is-enabled -- "$@" </dev/null >"$gw_run/units" 2>/dev/null
    exec 5<"$gw_run/units"
    for gw_number in $gw_linked; do
      service_take "gw_unit_$gw_number"
      read -r gw_file <&5 || break
      service_keep "gw_unit_$gw_number"
    done
  fi
  exec 5<&-
}

service_block() { # the next unit's properties from descriptor 5
  gw_id='' gw_load=- gw_file=- gw_pulled=no gw_active=- gw_sub=- gw_type=-
  while read -r gw_line <&5 && [ -n "$gw_line" ]; do
    case $gw_line in
      Id=*) gw_id=${gw_line#*=} ;;
      LoadState=?*) gw_load=${gw_line#*=} ;;
      UnitFileState=?*) gw_file=${gw_line#*=} ;;
      WantedBy=?* | RequiredBy=?* | UpheldBy=?* | TriggeredBy=?*) gw_pulled=yes ;;
      ActiveState=?*) gw_active=${gw_line#*=} ;;
      SubState=?*) gw_sub=${gw_line#*=} ;;
      Type=?*) gw_type=${gw_line#*=} ;;
    esac
  done
  [ -n "$gw_id" ]
}

service_keep() { # VARIABLE
  eval "$1=\"\$gw_id \$gw_load \$gw_file \$gw_pulled \$gw_active \$gw_sub \$gw_type\""
}

service_take() { # VARIABLE
  eval "set -- \$$1"
  gw_id=$1 gw_load=$2 gw_file=$3 gw_pulled=$4 gw_active=$5 gw_sub=$6 gw_type=$7
}

# Sets $observed from what was read. What is neither yes nor no counts as not what is wanted.
service_judge() {
  if [ "$gw_load" = not-found ] && [ "$enabled$running" != nono ]; then
    observed=absent
    return
  fi
  case $gw_file in
    enabled) gw_enabled=yes ;;
    masked*)
      gw_enabled=masked
      [ "$enabled$running" != nono ] || gw_enabled=no
      ;;
    generated) gw_enabled=$gw_pulled ;;
    # Without links of its own it starts at boot if something else brings it in, and there is nothing to disable.
    static | indirect | transient | -)
      gw_enabled=no
      [ "$enabled" = no ] || gw_enabled=$gw_pulled
      ;;
    *) gw_enabled=no ;;
  esac
  case $gw_active in
    active | reloading | refreshing) gw_running=yes ;;
    activating | deactivating)
      gw_running=yes
      [ "$running" = no ] || gw_running=no
      ;;
    *) gw_running=no ;;
  esac
  observed="enabled=$gw_enabled running=$gw_running"
}

service_moving() {
  case $gw_active/$gw_sub in
    */auto-restart*) return 1 ;;
    activating/* | deactivating/*) ;;
    *) return 1 ;;
  esac
}

service_read() { # sets the words of the current item's unit
  gw_unit_1="$unit not-found - no inactive dead -"
  service_look "$unit"
  service_take gw_unit_1
}

# A unit on its way from one state to another gets three seconds.
service_observe() {
  gw_tries=15
  service_read
  while service_moving && [ "$gw_tries" -gt 0 ]; do
    gw_tries=$((gw_tries - 1))
    sleep 0.2
    service_read
  done
  service_judge
  service_keep "gw_service_$gw_index"
}

service_observe_many() {
  gw_many=$*
  set --
  for gw_i in $gw_many; do
    use_item "$gw_i"
    set -- "$@" "$unit"
  done
  service_look "$@"
  # A name that systemd refuses spoils the answer for all; what is not remembered is observed one by one.
  [ "$gw_units" -eq $# ] || return 0
  gw_position=0
  for gw_i in $gw_many; do
    gw_position=$((gw_position + 1))
    use_item "$gw_i"
    service_take "gw_unit_$gw_position"
    ! service_moving || continue
    service_judge
    service_keep "gw_service_$gw_i"
    remember "$gw_i" "$observed"
  done
}

# Starting and stopping take no lock: a long start holds nobody up.
service_apply() {
  service_take "gw_service_$gw_index"
  if [ "$observed" = absent ]; then
    echo "there is no unit $unit"
    return 1
  fi
  service_enablement && service_run
  gw_code=$?
  [ "$gw_code" -eq 0 ] || systemctl status --no-pager --full --lines=20 -- "$gw_id" </dev/null || :
  return "$gw_code"
}

service_enablement() {
  case "$observed " in
    "enabled=$enabled "*) return 0 ;;
    enabled=masked*) service_link unmask && service_link unmask --runtime && service_read ;;
  esac
  if [ "$enabled" = no ]; then
    [ "$gw_file" != enabled-runtime ] || service_link disable --runtime
    service_link disable
    return
  fi
  case $gw_file in
    static | transient | -)
      echo "$gw_id has no [Install] section and nothing brings it in: it cannot be started at boot"
      return 1
      ;;
  esac
  service_link enable
}

service_link() { # COMMAND [OPTION] for the unit's own name: systemd refuses aliases
  locked systemd timeout -k 5 "$time_limit" systemctl "$@" -- "$gw_id"
}

service_run() {
  case $running/$observed in
    no/*running=no) return 0 ;;
    no/*)
      limit systemctl stop -- "$gw_id"
      return
      ;;
    yes/*running=yes)
      if triggered "$restart_on"; then
        limit systemctl restart -- "$gw_id" || return
      elif triggered "$reload_on"; then
        limit systemctl reload-or-restart -- "$gw_id"
        return
      else
        return 0
      fi
      ;;
    *)
      # A unit that failed too often would be refused.
      [ "$gw_active" != failed ] || systemctl reset-failed -- "$gw_id"
      limit systemctl start -- "$gw_id" || return
      ;;
  esac
  service_stays
}

# A start of these types succeeds before the program had a chance to fail. The last start waits for all.
service_stays() {
  case $gw_type in
    simple | exec | idle) gw_fresh="${gw_fresh-} $gw_id" ;;
  esac
  later_items
  [ -n "${gw_fresh-}" ] && [ -z "$gw_later" ] || return 0
  sleep 0.3
  for gw_id in $gw_fresh; do
    gw_restarts=$(systemctl show -p NRestarts --value -- "$gw_id")
    [ "${gw_restarts:-0}" -eq 0 ] && systemctl is-active -q -- "$gw_id" || {
      echo "$gw_id ended as soon as it was started"
      return 1
    }
  done
  gw_fresh=''
}

service_capture() {
  eval "printf '%s\n' \"\$gw_service_$gw_index\"" >"$capture/was"
}

service_was() { # the captured words, beside the present ones
  read -r _ _ gw_was_file gw_was_pulled gw_was_active _ <"$capture/was"
}

# Takes back enablement and stops what did not run. What ran sees its old files in the second pass.
service_restore() {
  service_was
  service_read
  [ "$gw_load" != not-found ] || return 0
  gw_now=$gw_file
  [ "$gw_now $gw_pulled $gw_was_pulled" != 'indirect yes no' ] || gw_now=enabled
  case $gw_was_file/$gw_now in
    enabled/enabled | enabled-runtime/enabled-runtime | masked/masked | masked-runtime/masked-runtime) ;;
    enabled/*) service_link enable || return ;;
    enabled-runtime/*) service_link disable && service_link enable --runtime || return ;;
    masked*/*)
      # Links that lay under the mask stay.
      [ "$gw_now" != enabled ] || [ "$gw_was_pulled" = yes ] || service_link disable
      # A unit file of ours in the place of the mask is still to be taken away, and the link put back, by its own item.
      [ -f "/etc/systemd/system/$gw_id" ] || service_link mask || return
      ;;
    */enabled) service_link disable || return ;;
  esac
  case $gw_was_active/$gw_active in
    active/* | activating/* | reloading/* | */inactive | */failed) ;;
    *) limit systemctl stop -- "$gw_id" ;;
  esac
}

service_after_restore() {
  service_was
  case $gw_was_active in
    active | activating | reloading) ;;
    *) return 0 ;;
  esac
  service_read
  [ "$gw_load" != not-found ] || return 0
  case $gw_id in
    # A restart of these would end what runs below them.
    *.target | *.slice | *.mount) gw_command=start ;;
    *)
      gw_command=restart
      [ -n "$restart_on" ] || [ -z "$reload_on" ] || gw_command=reload-or-restart
      ;;
  esac
  [ "$gw_active" != failed ] || systemctl reset-failed -- "$gw_id"
  limit systemctl "$gw_command" -- "$gw_id" >"$gw_run/after.log" 2>&1 || {
    printf '%s: %s' "$gw_key" "$(cat "$gw_run/after.log")" | report_text unrestored
    return 1
  }
}

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# stateDirectory: path mode owner group; a directory whose content is never deleted

stateDirectory_observe() { directory_observe; }
stateDirectory_apply() { directory_apply; }

# What is there before the first change of a run is what counts as "before": a package that an earlier
# item installs may make the directory, and would delete it with its data when it is purged.
stateDirectory_observe_many() {
  directory_observe_many "$@"
  for gw_i in "$@"; do
    eval "gw_state_first_$gw_i=\$gw_observed_$gw_i"
  done
}

stateDirectory_capture() {
  eval "gw_first=\${gw_state_first_$gw_index-}"
  if [ "$gw_first" = absent ]; then
    : >"$capture/absent"
    made_note "$path"
  else
    directory_capture
  fi
}

stateDirectory_restore() {
  if [ -f "$capture/was" ]; then
    stateDirectory_bring_back && directory_attributes
  elif [ -f "$capture/absent" ]; then
    [ ! -d "$path" ] || rmdir "$path" 2>/dev/null || stateDirectory_set_aside || return 1
    made_tidy "$path"
  fi
}

# A rename keeps the data as it is; on another file system it stays there, beside its old place.
stateDirectory_set_aside() {
  if [ -n "$gw_purge" ]; then
    report kept "deleted, as asked: $path"
    rm -rf --one-file-system "$path"
    return
  fi
  gw_name=${path##*/}
  [ ${#gw_name} -le 100 ] || gw_name=$gw_hash
  gw_name=$(date -u +%Y%m%dT%H%M%SZ)-$gw_name
  mkdir -p "$gw_root/kept" || return 1
  gw_devices=$(stat -c %d "${path%/*}/" "$gw_root/kept" | sort -u)
  case $gw_devices in
    *"$gw_newline"*) gw_place=${path%/*}/.groundwork-kept-$gw_name ;;
    *) gw_place=$gw_root/kept/$gw_name ;;
  esac
  [ ! -e "$gw_place" ] || gw_place=$gw_place-$gw_hash
  # Written first: an interruption after the rename must find the place again.
  [ ! -d "$gw_transaction" ] || printf '%s\n' "$gw_place" >"$gw_transaction/aside-$gw_hash"
  if mv -T "$path" "$gw_place"; then
    report kept "$gw_place $gw_key"
  elif mountpoint -q "$path"; then
    report kept "$path $gw_key"
  else
    return 1
  fi
}

# The operation that set it aside failed: the data goes back to its place.
stateDirectory_bring_back() {
  [ ! -e "$path" ] && [ -f "$gw_transaction/aside-$gw_hash" ] || return 0
  IFS= read -r gw_place <"$gw_transaction/aside-$gw_hash"
  [ ! -d "$gw_place" ] || { made_again "$path" && mv -T "$gw_place" "$path"; }
}

# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# sysctl: name value; effective value under /proc/sys and drop-in for the next boot

sysctl_paths() { # NAME: sets gw_proc and gw_dropin without a process; a slash in a name stands for a dot (sysctl.d(5))
  gw_rest=$1 gw_proc=/proc/sys
  gw_ifs=$IFS
  IFS=.
  for gw_part in $gw_rest; do
    case $gw_part in
      */*) gw_part=${gw_part%%/*}.${gw_part#*/} ;;
    esac
    gw_proc=$gw_proc/$gw_part
  done
  IFS=$gw_ifs
  gw_slashless=$1
  case $1 in
    */*) gw_slashless=${1%%/*}_${1#*/} ;;
  esac
  gw_dropin=/etc/sysctl.d/99-groundwork-$gw_slashless.conf
}

sysctl_observe() {
  sysctl_paths "$name"
  if [ -e "$gw_proc" ]; then
    # The shell's own read takes one byte at a time, which /proc/sys does not serve.
    sysctl_line "$(cat "$gw_proc")"
  else
    observed=unknown
  fi
}

sysctl_line() { # VALUE: sets $observed; the kernel separates words by tabs
  gw_live=$1
  case $gw_live in
    *[[:space:]]*)
      set -f
      # shellcheck disable=SC2086
      set -- $gw_live
      set +f
      gw_live=$*
      ;;
  esac
  gw_boot=none
  if [ -f "$gw_dropin" ]; then
    read -r gw_line <"$gw_dropin" || :
    gw_boot=${gw_line#"$name = "}
  fi
  observed="value=$gw_live boot=$gw_boot"
}

# One process for all settings; it prints one line for each, in order.
sysctl_observe_many() {
  gw_many=$*
  gw_present=''
  set --
  for gw_i in $gw_many; do
    use_item "$gw_i"
    sysctl_paths "$name"
    if [ -e "$gw_proc" ]; then
      set -- "$@" "$gw_proc"
      gw_present="$gw_present $gw_i"
    else
      remember "$gw_i" unknown
    fi
  done
  [ $# -gt 0 ] || return 0
  cat -- "$@" >"$gw_run/values"
  exec 5<"$gw_run/values"
  for gw_i in $gw_present; do
    use_item "$gw_i"
    sysctl_paths "$name"
    read -r gw_line <&5
    sysctl_line "$gw_line"
    remember "$gw_i" "$observed"
  done
  exec 5<&-
}

# A change of net.ipv4.ip_forward makes the kernel set every accept_redirects anew (ip-sysctl.rst of the kernel):
# they are put back, or another item's want would be undone.
sysctl_write() { # VALUE
  if [ "$name" != net.ipv4.ip_forward ]; then
    printf '%s\n' "$1" >"$gw_proc"
    return
  fi
  for gw_setting in /proc/sys/net/ipv4/conf/*/accept_redirects; do
    printf '%s %s\n' "$(cat "$gw_setting")" "$gw_setting"
  done >"$gw_run/redirects"
  printf '%s\n' "$1" >"$gw_proc" || return 1
  while read -r gw_word gw_setting; do
    printf '%s\n' "$gw_word" >"$gw_setting"
  done <"$gw_run/redirects"
}

sysctl_apply() {
  sysctl_paths "$name"
  [ -e "$gw_proc" ] || {
    echo "this kernel has no setting $name"
    return 1
  }
  mkdir -p /etc/sysctl.d
  printf '%s = %s\n' "$name" "$value" >"$gw_dropin.groundwork-new" || return 1
  chmod 644 "$gw_dropin.groundwork-new"
  mv -f "$gw_dropin.groundwork-new" "$gw_dropin"
  sysctl_write "$value"
}

sysctl_capture() {
  sysctl_paths "$name"
  [ ! -f "$gw_dropin" ] || cp -a "$gw_dropin" "$capture/dropin"
  [ ! -e "$gw_proc" ] || cat "$gw_proc" >"$capture/value"
}

sysctl_restore() {
  sysctl_paths "$name"
  if [ -e "$capture/dropin" ]; then
    cp -a "$capture/dropin" "$gw_dropin"
  else
    rm -f "$gw_dropin"
  fi
  [ ! -e "$capture/value" ] || sysctl_write "$(cat "$capture/value")"
}

# shellcheck shell=sh
# shellcheck disable=SC2154 # the engine sets the item's variables
# unit: a file that systemd has to read again

unit_observe() { file_observe; }
unit_observe_many() { file_observe_many "$@"; }
unit_capture() { file_capture; }
unit_apply() { file_apply && unit_reload; }
unit_restore() { file_restore && unit_reload; }
unit_reload() { locked systemd timeout -k 5 "$time_limit" systemctl daemon-reload; }

# --- data ---
gw_urn='urn:pulumi:dev::groundwork::groundwork:index:HostState::alpha-m1'
gw_owner='d0a459ce4019052d'
gw_project='groundwork'
gw_stack='dev'
gw_machine_expected='0123456789abcdef0123456789abcdef'
gw_run='/run/groundwork/00112233445566ff'
gw_program='/run/groundwork/00112233445566ff/program'
gw_holder='host/1/2/3'
gw_dead_holder=''
gw_purge=''
gw_hold=''
gw_deadman_seconds=60
gw_lease_seconds=120
gw_items='1 2 3 4 5 6'
gw_index_of_803bdea7b66df5e84de9845a432489a5=1
gw_digest_1=32d35066168456d88f440120f85a95bb
item_1() {
gw_kind='sysctl'
gw_key='sysctl:net.ipv4.ip_forward'
gw_hash=803bdea7b66df5e84de9845a432489a5
gw_desired='value=1 boot=1'
gw_endangers=''
gw_ticket=''
gw_variables='name value'
time_limit=10
name='net.ipv4.ip_forward'
value='1'
}
gw_index_of_ec9b61ea61fb13ba5cad4343601a5263=2
gw_digest_2=83c84f1035347eb2ca99271923c48b3e
item_2() {
gw_kind='file'
gw_key='file:/etc/it'\''s $(here)/a'
gw_hash=ec9b61ea61fb13ba5cad4343601a5263
gw_desired='file mode=0640 owner=root:root sha256=b0d6a0ca5d5030c1d2adb684ce0141acf18025df458d11fdfeeb78085a37120e'
gw_endangers=''
gw_ticket=''
gw_variables='path mode owner group validate'
time_limit=30
path='/etc/it'\''s $(here)/a'
mode='0640'
owner='root'
group='root'
validate='grep one "$1"'
}
data_2() { base64 -d <<'END_OF_DATA'
b25lCid0d28nCg==
END_OF_DATA
}
gw_index_of_4164ad67c1e45656f3b3301b56e2365e=3
gw_digest_3=d96a47e31d11d083004830fc1df883c5
item_3() {
gw_kind='file'
gw_key='file:/etc/b'
gw_hash=4164ad67c1e45656f3b3301b56e2365e
gw_desired='file mode=0644 owner=root:root sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
gw_endangers=''
gw_ticket=''
gw_variables='path mode owner group validate'
time_limit=30
path='/etc/b'
mode='0644'
owner='root'
group='root'
validate=''
}
data_3() { base64 -d <<'END_OF_DATA'
END_OF_DATA
}
gw_index_of_191431fbd41502614814a82408f02c25=4
gw_digest_4=92d8f9f705d9d2ff26bf32b0d4c5c38e
item_4() {
gw_kind='unit'
gw_key='unit:hello.service'
gw_hash=191431fbd41502614814a82408f02c25
gw_desired='file mode=0644 owner=root:root sha256=67e7bff8a64079cbd33c8ae6e2698e46a53dddac68ab84b4e12d927818e61a7c'
gw_endangers=''
gw_ticket=''
gw_variables='name path mode owner group validate'
time_limit=60
name='hello.service'
path='/etc/systemd/system/hello.service'
mode='0644'
owner='root'
group='root'
validate=''
}
data_4() { base64 -d <<'END_OF_DATA'
W1NlcnZpY2VdCkV4ZWNTdGFydD0vYmluL3NsZWVwIDEwMDAK
END_OF_DATA
}
gw_index_of_9bf816ecf6c9d4e75c38d28bc4f5d55e=5
gw_digest_5=e772a51bd044554fc05340bed9ee8872
item_5() {
gw_kind='service'
gw_key='service:hello.service'
gw_hash=9bf816ecf6c9d4e75c38d28bc4f5d55e
gw_desired='enabled=yes running=yes'
gw_endangers=''
gw_ticket=''
gw_variables='unit enabled running restart_on reload_on'
time_limit=120
unit='hello.service'
enabled='yes'
running='yes'
restart_on='unit:hello.service
file:/etc/b'
reload_on=''
}
gw_index_of_7883518e33e8702e7203240bb8c4beb0=6
gw_digest_6=c0873df964368646579c774944083e5a
item_6() {
gw_kind='command'
gw_key='command:joins the cluster'
gw_hash=7883518e33e8702e7203240bb8c4beb0
gw_desired='done=yes'
gw_endangers=''
gw_ticket='join'
gw_variables='name unless undo'
time_limit=300
name='joins the cluster'
unless='test -e /joined'
undo=''
}
data_6() { base64 -d <<'END_OF_DATA'
am9pbiAiJChjYXQgIiRUSUNLRVQiKSIK
END_OF_DATA
}
gw_kinds_many='sysctl file unit service'
gw_items_sysctl='1'
gw_items_file='2 3'
gw_items_unit='4'
gw_items_service='5'
gw_guards='g1'
check_g1() {
time_limit=30 gw_within=0
gw_waived=''
gw_script='uname'
}
gw_checks='c1'
check_c1() {
time_limit=10 gw_within=5
gw_waived='yes'
gw_script='systemctl is-active hello'
}
gw_facts='host identity'
fact_host() {
time_limit=60
gw_script='hostname'
}
fact_identity() {
time_limit=60
gw_script='cat -- '\''/etc/machine-id'\'''
}
ticket_join() { base64 -d <<'END_OF_DATA'
dG9rZW4K
END_OF_DATA
}
</dev/null gw_main apply END
