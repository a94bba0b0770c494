# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# The operations that a program can be asked for; gw_main is its last line.

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
  machine_identity && guards_hold_before || return 1
  observe_all
  gw_changed=''
  for gw_i in $gw_items; do
    use_item "$gw_i"
    eval "observed=\$gw_observed_$gw_i"
    [ "$observed" = "$gw_desired" ] || gw_changed=$gw_changed$gw_newline$gw_key
    # What is to change before it may make it differ too.
    [ -n "$gw_ticket" ] && { [ "$observed" != "$gw_desired" ] || triggered "$request_on"; } || continue
    if command -v "${gw_kind}_request" >/dev/null; then
      "${gw_kind}_request" >"$gw_run/request" 2>"$gw_run/log" || {
        report_text failed "$gw_i" request <"$gw_run/log"
        return 1
      }
    else
      : >"$gw_run/request"
    fi
    report_whole "$gw_run/request" request "$gw_i" "$gw_ticket" || {
      echo 'longer than 64 KiB' | report_text failed "$gw_i" request
      return 1
    }
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
  ! boot_is_due || return 0
  lock_registry
  registry_open && lease_take || return 1
  unlock_registry
  gw_changed='' gw_dirty='' gw_uncommitted='' gw_awaits_boot=''
  if boot_goes_on; then
    observe_all
  elif [ -n "$gw_resume" ]; then
    boot_lost
    return 1
  else
    operation_begin || {
      # The provider asks again after the machine's restart.
      [ -n "$gw_awaits_boot" ]
      return
    }
  fi
  # shellcheck disable=SC2086
  if { [ -n "$gw_continued" ] || release_all; } && apply_all && checks_run $gw_checks && facts_read && not_cancelled "it was committed" && recorded definitions_note; then
    if [ -e "$gw_transaction/armed" ]; then
      deadman_start_over
      report armed
      report unconfirmed "$(operation_id)"
    elif [ -n "$gw_hold" ]; then
      transaction_hold
      report unconfirmed "$(operation_id)"
    elif recorded transaction_commit; then
      report committed
    else
      # Without its mark it is put back; with it, the next program finishes it.
      [ -d "$gw_transaction" ] && [ ! -e "$gw_transaction/committed" ] || return 1
      gw_uncommitted=yes
    fi
    [ -n "$gw_uncommitted" ] || return 0
  fi
  [ -z "$gw_rebooting" ] || ! boot_begin || return 0
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

# Asked for, too, by what goes before an operation and leaves traces; where one is under way, the machine is changed
# already, and what it left may be what they refuse.
guards_hold_before() {
  [ ! -d "$gw_root/transactions/$gw_owner" ] || return 0
  # Those that may be waited for are asked by the operation itself, which can be cancelled.
  gw_early=''
  for gw_i in $gw_guards; do
    "check_$gw_i"
    [ "$gw_within" -gt 0 ] || gw_early="$gw_early $gw_i"
  done
  # shellcheck disable=SC2086 # names
  guards_hold $gw_early
}

guards_hold() { # INDEX…
  checks_run "$@" && return
  report guarded
  return 1
}

operation_begin() {
  transaction_settle && claims_adopt || return 1
  # shellcheck disable=SC2086 # names
  guards_hold $gw_guards || return 1
  lock_alone && claim_all && recorded transaction_begin || return 1
  unlock_registry
  items_claimed
}

# From here on others see what is claimed. Some kinds look once more: what others took away until then.
items_claimed() {
  for gw_kind in $gw_kinds_many; do
    ! command -v "${gw_kind}_claimed" >/dev/null || "${gw_kind}_claimed"
  done
}

# A new login proved that the change did not lock anybody out. Checks from elsewhere may still decide about it.
gw_confirm() {
  machine_identity || return 1
  lock_owner
  if operation_waits; then
    if [ -n "$gw_hold" ]; then
      transaction_hold
      deadman_disarm
      rm -f "$gw_transaction/armed"
      report unconfirmed "$gw_operation_id"
      return 0
    fi
    recorded transaction_commit || return 1
  fi
  # It may have been confirmed before, and the answer was lost.
  operation_stands || {
    refuse GW307 "the change was taken back before it was confirmed"
    return 1
  }
  registry_close_unless_awaited
  report committed
}

# Checks from elsewhere failed, or nobody could say whether it was confirmed: what still waits is put back now.
gw_restore() {
  machine_identity || return 1
  lock_owner
  ! operation_waits || transaction_restore || :
  if [ -d "$gw_transaction" ]; then
    report unrestored_transaction "$gw_transaction"
    return 1
  fi
  if operation_stands; then
    report committed
  else
    report restored
  fi
}

# The operation of the open transaction.
operation_id() { sed -n "s/^operation$gw_tab//p" "$gw_transaction/claim.after"; }

# True while the operation asked about is not decided; what was decided and cut short is finished.
operation_waits() {
  gw_transaction=$gw_root/transactions/$gw_owner
  [ -d "$gw_transaction" ] && [ "$(operation_id)" = "$gw_operation_id" ] || return 1
  transaction_is_decided || return 0
  transaction_resume
  return 1
}

# True when the operation asked about was committed: its owner's claim is of it, or there is none where it claimed
# nothing. What an open transaction claims does not count yet.
operation_stands() {
  gw_claim=$gw_root/claims/$gw_owner
  [ ! -d "$gw_transaction" ] || gw_claim=$gw_transaction/claim.before
  if [ "$gw_operation_id" = none ]; then
    [ ! -e "$gw_claim" ]
  else
    grep -sqxF "operation$gw_tab$gw_operation_id" "$gw_claim"
  fi
}

# Everything is given back: an apply that claims nothing. The folder goes with the last claim.
gw_delete() {
  gw_apply || return 1
  [ -d "$gw_root/transactions/$gw_owner" ] || registry_close_unless_awaited
}

# What waits here for another HostState, a key for its certificate or the bytes of a download, came before its claim:
# then the end of the deployment closes the registry.
registry_close_unless_awaited() {
  for gw_word in "$gw_root"/pending/* "$gw_root"/downloads/sent-*; do
    case $gw_word in *"-$gw_owner"*) continue ;; esac
    [ ! -e "$gw_word" ] || return 0
  done
  registry_close
}

# The folder goes with the last claim; what was kept aside stays.
registry_close() {
  lock_registry
  if registry_unused; then
    # What nobody claims nor gave back is no rubbish: it is how the machine was.
    for gw_folder in "$gw_root"/baseline/*; do
      keep_aside "$gw_folder" || {
        unlock_registry
        return 0
      }
    done
    made_close
    rm -f "$gw_root/lease" "$gw_root/format" "$gw_root/firewall.listing"
    rm -rf "$gw_root/claims" "$gw_root/baseline" "$gw_root/transactions" "$gw_root/downloads" "$gw_root/fetch" "$gw_root/pending" "$gw_root/made" "$gw_root/tables"
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
  lease_renew
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
  if registry_is_known && "gw_$1"; then
    report end ok
  else
    report end failed
  fi
}
