# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Operations that touch one item wait for each other: of an item in two open transactions nobody could say who has to put
# it back, nor to what. All others run side by side. Who waits has begun nothing, so nobody waits for him.

# Observes the items, and takes the registry's lock when no other operation is at work on one of them.
lock_alone() {
  gw_turns=0
  observe_all
  while lock_registry && contested; do
    lease_stands || return 1
    unlock_registry
    not_cancelled "it began" || return 1
    ! boot_is_due || {
      gw_awaits_boot=yes
      return 1
    }
    gw_turns=$((gw_turns + 1))
    sleep 0.5
  done
  [ "$gw_turns" -gt 0 ] || return 0
  # What was seen before is stale, and looking again takes longer than the registry may be locked.
  unlock_registry
  lock_alone
}

# True while another operation is at work on an item that this one wants, or has claimed so far.
contested() {
  for gw_open in "$gw_root"/transactions/*/claim.after; do
    gw_open=${gw_open%/claim.after}
    gw_other=${gw_open##*/}
    # What is about to begin or to end (.new, .ended) is nobody's.
    [ "$gw_other" != "$gw_owner" ] && [ "${gw_other%.*}" = "$gw_other" ] && shares_item && is_at_work || continue
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

# True while a program of that owner runs, or a timer takes back what it left open; and for two minutes while one may
# come back to that, after checks from elsewhere or a restart. What was abandoned keeps nobody waiting: its owner settles
# it, beside whoever claims the same.
is_at_work() {
  flock -n "$gw_locks/owner-$gw_other" true || return 0
  [ ! -e "$gw_open/armed" ] || return 0
  [ "$gw_turns" -lt 240 ] || return 1
  [ -e "$gw_open/held" ] || [ -e "$gw_open/boots" ]
}
