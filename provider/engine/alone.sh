# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Operations that touch one item come one after the other: of an item in two open transactions nobody could say who has
# to put it back, nor to what. All others run side by side. Who waits has begun nothing, so nobody waits for him; what
# nobody comes back to any more he puts back himself.

# Seconds between two looks; how many until what is left open counts as abandoned, and how many where the deployment that
# left it is at work still: two minutes, and an hour.
gw_alone_pause=0.5 gw_alone_turns=240 gw_alone_most_turns=7200

# Observes the items, and takes the registry's lock when no other operation is open on one of them.
lock_alone() {
  gw_turns=0 gw_unsettled=''
  while :; do
    gw_turns_before=$gw_turns
    observe_all
    wait_alone || return 1
    [ "$gw_turns" -gt "$gw_turns_before" ] || return 0
    # What was seen before is stale, and looking again takes longer than the registry may be locked.
    unlock_registry
  done
}

wait_alone() {
  while lock_registry && contested; do
    unlock_registry
    gw_turns=$((gw_turns + 1))
    lease_stands && not_cancelled "it began" || return 1
    ! boot_is_due || {
      gw_awaits_boot=yes
      return 1
    }
    (abandoned_settle)
    case $? in
      0) ;;
      2) sleep "$gw_alone_pause" ;;
      # Its owner has it still, and tries once more.
      *) gw_unsettled="$gw_unsettled $gw_other " ;;
    esac
  done
}

# True when another operation is open on an item that this one wants, or has claimed so far: sets gw_open and gw_other.
contested() {
  for gw_open in "$gw_root"/transactions/*/claim.after; do
    gw_open=${gw_open%/claim.after}
    gw_other=${gw_open##*/}
    case $gw_unsettled in *" $gw_other "*) continue ;; esac
    # What is about to begin or to end (.new, .ended) is nobody's.
    [ "$gw_other" != "$gw_owner" ] && [ "${gw_other%.*}" = "$gw_other" ] && shares_item || continue
    return 0
  done
  return 1
}

own_hashes() {
  for gw_i in $gw_items; do
    use_item "$gw_i"
    printf '%s\n' "$gw_hash"
  done
  [ ! -f "$gw_root/claims/$gw_owner" ] || sed -n "s/^item$gw_tab\([^$gw_tab]*\)$gw_tab.*/\1/p" "$gw_root/claims/$gw_owner"
}

# True when the open transaction gives, keeps or takes an item that is in the list of own ones.
shares_item() {
  [ -e "$gw_run/own" ] || own_hashes >"$gw_run/own" || return 1
  set -- "$gw_open/claim.after"
  [ ! -f "$gw_open/claim.before" ] || set -- "$@" "$gw_open/claim.before"
  # It may end at this very moment.
  [ -n "$(awk -F "$gw_tab" 'FNR == NR { own[$1]; next } $1 == "item" && ($2 in own) { print; exit }' "$gw_run/own" "$@" 2>/dev/null)" ]
}

# Puts the open transaction back, or finishes what was decided of it; 2 while it is not abandoned. In a process of its
# own: it holds the other owner's lock beside this one's.
abandoned_settle() {
  gw_owner=$gw_other gw_transaction=$gw_open gw_purge=''
  exec 7>"$gw_locks/owner-$gw_owner"
  flock -n 7 || return 2
  # It may have ended at this very moment.
  [ -f "$gw_transaction/claim.after" ] || return 0
  ! is_awaited || return 2
  [ -e "$gw_transaction/committed" ] || report settled "$gw_owner"
  transaction_resume
}

# True while somebody may come back to the transaction: the timer that takes it back, or the deployment that left it for
# a login, for checks from elsewhere, or for a restart. One that does not hold the machine any more had time to.
is_awaited() {
  ! transaction_is_decided || return 1
  [ ! -e "$gw_transaction/armed" ] || ! deadman_is_set || return 0
  gw_most=$gw_alone_turns
  ! is_of_this_deployment || gw_most=$gw_alone_most_turns
  [ "$gw_turns" -lt "$gw_most" ] || return 1
  [ -e "$gw_transaction/armed" ] || [ -e "$gw_transaction/held" ] || [ -e "$gw_transaction/boots" ]
}

# This program's deployment has the machine's lease, so no other one is at work here.
is_of_this_deployment() {
  gw_left_by=''
  if [ -e "$gw_transaction/held" ]; then
    read -r gw_left_by <"$gw_transaction/held"
  elif [ -e "$gw_transaction/boots" ]; then
    while read -r _ _ gw_a; do gw_left_by=$gw_a; done <"$gw_transaction/boots"
  fi
  [ -n "$gw_left_by" ] && [ "$gw_left_by" = "$gw_holder" ]
}
