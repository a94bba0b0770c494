# shellcheck shell=sh
# shellcheck disable=SC2154 # the data part of the program sets the variables of items and of the operation
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# What every program on a machine shares: reports, items, transactions, the registry and the lease.
# The program is this file, the functions of the kinds it uses, its data, and one call of gw_main.
#
# File descriptors 7 and 8 hold locks and are closed for whatever an item starts.
# Engine variables start with gw_; an item's own variables have plain names and are set by its
# function item_N. File descriptor 3 is the report: one line a fact, free text in base64.

LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
DEBIAN_FRONTEND=noninteractive
export LC_ALL PATH DEBIAN_FRONTEND
umask 022

gw_root=/var/lib/groundwork
# Locks are of the running system: in memory, gone with a reboot.
gw_locks=/run/groundwork/locks
gw_format=1
gw_tab=$(printf '\t')
gw_newline='
'

# --- reports ---

report() { printf '%s\n' "$*" >&3; }

# Standard input in base64 on one line, its last 4 KiB.
encoded() { tail -c 4096 | base64 | tr -d '\n'; }

report_text() { # WORDS… < text
  printf '%s %s\n' "$*" "$(encoded)" >&3
}

# Seconds since boot with two digits, without a process.
clock() { read -r gw_now gw_rest </proc/uptime; }

# --- items ---

# Makes item N the current one: its variables, gw_kind, gw_key, gw_hash, gw_desired.
use_item() {
  gw_index=$1
  restart_on='' reload_on='' gw_ticket=''
  "item_$1"
}

# The current item's bytes on standard output.
data() { "data_$gw_index"; }

# Runs a command of the current item under its time limit.
limit() { timeout -k 5 "$time_limit" "$@"; }

# Runs a command while holding the machine's short lock NAME, so that streams side by side do not collide.
locked() { # NAME COMMAND…
  gw_lock=$1
  shift
  mkdir -p "$gw_locks"
  flock "$gw_locks/$gw_lock" "$@"
}

remember() { eval "gw_observed_$1=\$2"; }

observe() { # sets $observed for the current item
  observed=''
  "${gw_kind}_observe"
}

observe_all() {
  for gw_kind in $gw_kinds_many; do
    eval "\"\${gw_kind}_observe_many\" \$gw_items_$gw_kind"
  done
  for gw_i in $gw_items; do
    eval "gw_known=\${gw_observed_$gw_i-}"
    [ -z "$gw_known" ] || continue
    use_item "$gw_i"
    observe
    remember "$gw_i" "$observed"
  done
}

# True when an item that the current one depends on changed in this run.
triggered() { # KEYS
  [ -n "$1" ] || return 1
  gw_ifs=$IFS
  IFS=$gw_newline
  for gw_trigger in $1; do
    case "$gw_newline$gw_changed$gw_newline" in
      *"$gw_newline$gw_trigger$gw_newline"*)
        IFS=$gw_ifs
        return 0
        ;;
    esac
  done
  IFS=$gw_ifs
  return 1
}

# --- captures: a folder per item that can be put back without the program that made it ---

quoted() { # TEXT: sets gw_quoted to it as one shell word
  gw_rest=$1 gw_quoted=''
  while :; do
    case $gw_rest in
      *\'*)
        gw_quoted="$gw_quoted${gw_rest%%\'*}'\\''"
        gw_rest=${gw_rest#*\'}
        ;;
      *) break ;;
    esac
  done
  gw_quoted="'$gw_quoted$gw_rest'"
}

save_definition() { # FILE
  for gw_variable in gw_kind gw_key gw_hash gw_desired gw_endangers gw_variables time_limit $gw_variables; do
    eval "quoted \"\$$gw_variable\""
    printf '%s=%s\n' "$gw_variable" "$gw_quoted"
  done >"$1"
}

# Saves the current item's present state as folder $1; a half-made capture never has that name.
capture_to() {
  rm -rf "$1.partial" "$1"
  mkdir -p "$1.partial" || return 1
  chmod 700 "$1.partial"
  capture=$1.partial
  save_definition "$capture/item" && "${gw_kind}_capture" && mv "$1.partial" "$1"
}

use_capture() { # FOLDER
  gw_index='' restart_on='' reload_on=''
  capture=$1
  # shellcheck disable=SC1091
  . "$1/item"
}

# One program at a time for one owner. The lock ends with the process.
lock_owner() {
  mkdir -p "$gw_locks"
  exec 7>"$gw_locks/owner-$gw_owner"
  flock 7
}

# The registry's own lock, held for moments only.
lock_registry() {
  mkdir -p "$gw_locks"
  exec 8>"$gw_locks/registry"
  flock 8
}

unlock_registry() { exec 8>&-; }

# --- the registry: who wants what of this machine, and how it was before anybody did ---

registry_open() {
  mkdir -p "$gw_root/claims" "$gw_root/baseline" "$gw_root/transactions" || return 1
  chmod 700 "$gw_root"
  if [ -e "$gw_root/format" ]; then
    read -r gw_found <"$gw_root/format"
    if [ "$gw_found" -gt "$gw_format" ]; then
      refuse GW305 "format $gw_found is newer than $gw_format"
      return 1
    fi
  else
    echo "$gw_format" >"$gw_root/format"
  fi
}

refuse() { # CODE TEXT
  printf '%s' "$2" | report_text error "$1"
}

# Lines `item HASH DIGEST KEY DESIRED` of every claim but this one's, into the run's folder.
other_claims() {
  : >"$gw_run/others"
  for gw_claim in "$gw_root"/claims/*; do
    [ -f "$gw_claim" ] && [ "$gw_claim" != "$gw_root/claims/$gw_owner" ] || continue
    cat "$gw_claim" >>"$gw_run/others"
  done
}

# Within one program, unequal wants were refused before; here it is another program's.
claim_all() {
  other_claims
  gw_refused='' gw_claimant='' gw_program_of=''
  while IFS=$gw_tab read -r gw_word gw_a gw_b gw_c _; do
    case $gw_word in
      urn) gw_claimant=$gw_a ;;
      project) gw_program_of=$gw_a ;;
      stack) gw_program_of=$gw_program_of/$gw_a ;;
      item)
        eval "gw_i=\${gw_index_of_$gw_a-}"
        [ -n "$gw_i" ] || continue
        eval "gw_mine=\$gw_digest_$gw_i"
        [ "$gw_b" = "$gw_mine" ] || [ "$gw_program_of" = "$gw_project/$gw_stack" ] || {
          refuse GW303 "$gw_c is claimed with another value by $gw_claimant"
          gw_refused=yes
        }
        ;;
    esac
  done <"$gw_run/others"
  [ -z "$gw_refused" ]
}

claim_text() {
  printf 'format\t%s\nurn\t%s\nproject\t%s\nstack\t%s\n' "$gw_format" "$gw_urn" "$gw_project" "$gw_stack"
  for gw_i in $gw_items; do
    use_item "$gw_i"
    eval "gw_mine=\$gw_digest_$gw_i"
    printf 'item\t%s\t%s\t%s\t%s\n' "$gw_hash" "$gw_mine" "$gw_key" "$gw_desired"
  done
}

# Keys of the old claim that this program no longer wants, last one first.
released() {
  [ -f "$gw_transaction/claim.before" ] || return 0
  tac "$gw_transaction/claim.before" | while IFS=$gw_tab read -r gw_word gw_a gw_b gw_c gw_d; do
    [ "$gw_word" = item ] || continue
    eval "gw_i=\${gw_index_of_$gw_a-}"
    [ -n "$gw_i" ] || printf '%s\t%s\t%s\n' "$gw_a" "$gw_c" "$gw_d"
  done
}

# --- the transaction: what this operation changed, and how it was before ---

transaction_begin() {
  gw_transaction=$gw_root/transactions/$gw_owner
  rm -rf "$gw_transaction"
  mkdir -p "$gw_transaction/items" || return 1
  chmod 700 "$gw_transaction"
  : >"$gw_transaction/order"
  : >"$gw_transaction/baselines"
  : >"$gw_transaction/released"
  if [ -f "$gw_root/claims/$gw_owner" ]; then
    cp "$gw_root/claims/$gw_owner" "$gw_transaction/claim.before"
  fi
  claim_text >"$gw_transaction/claim.after"
  # From here on a stream side by side sees what is claimed, and what is not any more.
  cp "$gw_transaction/claim.after" "$gw_root/claims/$gw_owner.new"
  mv "$gw_root/claims/$gw_owner.new" "$gw_root/claims/$gw_owner"
  sync -f "$gw_transaction" 2>/dev/null || sync
}

# The current item is about to change: its state goes into the baseline (first claim) or the pre-image.
capture_before() {
  gw_baseline=$gw_root/baseline/$gw_hash
  if [ -e "$gw_baseline/item" ]; then
    gw_capture=$gw_transaction/items/$gw_hash
  else
    gw_capture=$gw_baseline
    printf '%s\n' "$gw_hash" >>"$gw_transaction/baselines"
  fi
  capture_to "$gw_capture" || return 1
  printf '%s\n' "$gw_capture" >>"$gw_transaction/order"
}

# An item that is already as desired still needs a baseline when it is claimed for the first time.
capture_baseline() {
  [ ! -e "$gw_root/baseline/$gw_hash/item" ] || return 0
  printf '%s\n' "$gw_hash" >>"$gw_transaction/baselines"
  capture_to "$gw_root/baseline/$gw_hash"
}

apply_all() {
  gw_changed='' gw_dirty=''
  for gw_i in $gw_items; do
    use_item "$gw_i"
    if [ -e "$gw_run/cancel" ]; then
      refuse GW310 "cancelled before $gw_key"
      return 1
    fi
    eval "observed=\$gw_observed_$gw_i"
    # What was observed before the first change may be stale.
    [ -z "$gw_dirty" ] || observe
    if [ "$observed" = "$gw_desired" ] && ! triggered "$restart_on" && ! triggered "$reload_on"; then
      capture_baseline || return 1
      continue
    fi
    apply_item || return 1
  done
}

apply_item() {
  gw_before=$observed
  capture_before >"$gw_run/log" 2>&1 || {
    report_text failed "$gw_index" capture <"$gw_run/log"
    return 1
  }
  [ -z "$gw_endangers" ] || deadman_arm || return 1
  if [ -n "$gw_ticket" ]; then
    TICKET=$gw_run/ticket
    export TICKET
    (umask 077 && "ticket_$gw_ticket" >"$TICKET")
  fi
  "${gw_kind}_apply" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&-
  gw_status=$?
  [ -z "$gw_ticket" ] || rm -f "$gw_run/ticket"
  if [ "$gw_status" -eq 124 ] || [ "$gw_status" -eq 137 ]; then
    report_text failed "$gw_index" timeout <"$gw_run/log"
    return 1
  fi
  observe
  if [ "$gw_status" -ne 0 ] || [ "$observed" != "$gw_desired" ]; then
    {
      tail -c 3000 "$gw_run/log"
      printf '\nexit %s; observed: %s' "$gw_status" "$observed"
    } | report_text failed "$gw_index" apply
    return 1
  fi
  gw_changed=$gw_changed$gw_newline$gw_key
  gw_dirty=yes
  report changed "$gw_index" "$gw_before"
}

# Gives back what this program no longer claims.
release_all() {
  released >"$gw_run/released"
  while IFS=$gw_tab read -r gw_a gw_b gw_c; do
    release_item "$gw_a" "$gw_b" "$gw_c" || return 1
  done <"$gw_run/released"
  gw_pass_after "$gw_transaction/released"
}

release_item() { # HASH KEY LAST-DESIRED
  if grep -q "^item$gw_tab$1$gw_tab" "$gw_run/others"; then
    report released "shared $2"
    return 0
  fi
  [ -e "$gw_root/baseline/$1/item" ] || return 0
  use_capture "$gw_root/baseline/$1"
  gw_endangered=$gw_endangers
  observe
  if [ "$observed" != "$3" ]; then
    gw_kept=$gw_root/kept/$(date -u +%Y%m%dT%H%M%SZ)-$1
    capture_to "$gw_kept" && report kept "$gw_kept $2"
  fi
  capture_to "$gw_transaction/items/$1" || return 1
  printf '%s\n' "$gw_transaction/items/$1" >>"$gw_transaction/order"
  [ -z "$gw_endangered" ] || deadman_arm || return 1
  use_capture "$gw_root/baseline/$1"
  if ! "${gw_kind}_restore" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&-; then
    printf '%s: %s' "$2" "$(tail -c 3000 "$gw_run/log")" | report_text failed - restore
    return 1
  fi
  printf '%s\n' "$gw_root/baseline/$1" >>"$gw_transaction/released"
  report released "restored $2"
}

# A second pass over restored items, in the order in which they were once applied.
gw_pass_after() { # FILE of folders, last one first
  tac "$1" >"$gw_run/after"
  while read -r gw_folder; do
    use_capture "$gw_folder"
    ! command -v "${gw_kind}_after_restore" >/dev/null || "${gw_kind}_after_restore" >>"$gw_run/log" 2>&1 </dev/null
  done <"$gw_run/after"
}

# Puts back everything that the transaction changed. Needs nothing but the transaction's folder.
transaction_restore() {
  gw_failed=''
  tac "$gw_transaction/order" >"$gw_run/order"
  while read -r gw_folder; do
    use_capture "$gw_folder"
    if ! "${gw_kind}_restore" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&-; then
      printf '%s: %s' "$gw_key" "$(tail -c 3000 "$gw_run/log")" | report_text unrestored
      gw_failed=yes
    fi
  done <"$gw_run/order"
  gw_pass_after "$gw_run/order"
  [ -z "$gw_failed" ] || return 1
  while read -r gw_a; do
    rm -rf "$gw_root/baseline/$gw_a" "$gw_root/baseline/$gw_a.partial"
  done <"$gw_transaction/baselines"
  if [ -f "$gw_transaction/claim.before" ]; then
    mv "$gw_transaction/claim.before" "$gw_root/claims/$gw_owner"
  else
    rm -f "$gw_root/claims/$gw_owner"
  fi
  transaction_end
}

transaction_commit() {
  rm -rf "$gw_root/fetch/$gw_owner"
  while read -r gw_folder; do
    rm -rf "$gw_folder"
  done <"$gw_transaction/released"
  grep -q '^item' "$gw_transaction/claim.after" || rm -f "$gw_root/claims/$gw_owner"
  transaction_end
}

transaction_end() {
  sync -f /etc 2>/dev/null
  sync -f "$gw_root" 2>/dev/null || sync
  rm -rf "$gw_transaction"
  deadman_disarm
}

# A transaction that an interruption left behind is put back before anything else.
transaction_settle() {
  gw_transaction=$gw_root/transactions/$gw_owner
  [ -d "$gw_transaction" ] || return 0
  if [ ! -f "$gw_transaction/claim.after" ]; then
    rm -rf "$gw_transaction"
    return 0
  fi
  report settled "$gw_owner"
  transaction_restore
}

# --- the dead-man timer: puts the pre-image back unless a new login confirms the change ---

deadman_unit() { printf 'groundwork-revert-%s' "$gw_owner"; }

deadman_arm() {
  [ ! -e "$gw_transaction/armed" ] || return 0
  gw_unit=$(deadman_unit)
  {
    sed '/^# --- data ---$/q' "$gw_program"
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
