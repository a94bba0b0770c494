# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Brings the items about, in their order, and proves each.

# Items that were applied and are yet to be proven; those that were observed since the last change.
gw_unproven='' gw_looked_at=''
apply_all() {
  want_anew
  for gw_i in $gw_items; do
    use_item "$gw_i"
    is_of "$gw_kinds_together" || prove || return 1
    not_cancelled "$gw_key" || return 1
    look_again
    if [ "$observed" = "$gw_desired" ] && ! triggered "$restart_on" && ! triggered "$reload_on"; then
      captured capture_baseline || return 1
      continue
    fi
    apply_item || return 1
  done
  prove || return 1
  [ -z "$gw_unsealed" ] || recorded captures_seal || return 1
  [ -z "$gw_changed" ] || places_sync
}

# Sets $observed: what was observed before a change may be stale. Items beside each other whose kinds are proven
# together are looked at together.
look_again() {
  eval "observed=\$gw_observed_$gw_index"
  [ -n "$gw_dirty" ] || return 0
  is_of "$gw_kinds_together" || {
    observe
    return 0
  }
  case "$gw_looked_at " in *" $gw_index "*) return 0 ;; esac
  gw_leader=$gw_index gw_looked_at=''
  for gw_member in $gw_items; do
    [ "$gw_member" -ge "$gw_leader" ] || continue
    use_item "$gw_member"
    is_of "$gw_kinds_together" || break
    gw_looked_at="$gw_looked_at $gw_member"
  done
  # shellcheck disable=SC2086 # numbers
  observe_these $gw_looked_at
  use_item "$gw_leader"
  eval "observed=\$gw_observed_$gw_leader"
}

# Captures the current item, and tells the provider what kept it from that.
captured() { # COMMAND
  "$@" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&- && return
  unwritten_why
  report_text failed "$gw_index" capture <"$gw_run/log"
  return 1
}

apply_item() {
  gw_before=$observed
  eval "gw_capture=\${gw_capture_of_$gw_index-}"
  [ -n "$gw_capture" ] || captured capture_ahead || return 1
  eval "gw_capture=\$gw_capture_of_$gw_index"
  observed=$gw_before
  ! endangers_login || recorded deadman_arm || return 1
  if [ -n "$gw_ticket" ]; then
    TICKET=$gw_run/ticket
    export TICKET
    (umask 077 && "ticket_$gw_ticket" >"$TICKET")
  fi
  place_note
  "${gw_kind}_apply" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&-
  gw_status=$?
  [ -z "$gw_ticket" ] || rm -f "$gw_run/ticket"
  [ -z "$gw_rebooting" ] || return 1
  if [ "$gw_status" -eq 124 ] || [ "$gw_status" -eq 137 ]; then
    prove && report_text failed "$gw_index" timeout <"$gw_run/log"
    return 1
  fi
  eval "gw_before_$gw_index=\$gw_before"
  if ! is_of "$gw_kinds_together"; then
    observe
    prove_item "$gw_status"
    return
  fi
  gw_unproven="$gw_unproven $gw_index"
  # What it said is evidence only as long as no other item says something.
  [ "$gw_status" -eq 0 ] && [ ! -s "$gw_run/log" ] || prove "$gw_status"
}

# True where a change of the current item may lock everybody out: always, or, where it is about a port, when this session
# came in by that port of the machine, whatever a port forward before it makes of it. One of which that is not known, or
# that comes from the machine itself, through what listens there, may have come in by any.
endangers_login() {
  case $gw_endangers in
    '') return 1 ;;
    yes) return 0 ;;
  esac
  # shellcheck disable=SC2086 # as SSH_CONNECTION of sshd has it: address and port of both ends
  set -- ${gw_connection-}
  [ "$#" -ne 4 ] || [ "$1" = "$3" ] || [ "$4" = "$gw_endangers" ]
}

# Observes what was applied since the last time, and reports it.
prove() { # [EXIT of the current item's apply]
  [ -n "$gw_unproven" ] || return 0
  gw_leader=$gw_index
  # shellcheck disable=SC2086 # numbers
  observe_these $gw_unproven
  for gw_member in $gw_unproven; do
    use_item "$gw_member"
    eval "observed=\$gw_observed_$gw_member"
    if [ "$gw_member" -eq "$gw_leader" ]; then prove_item "${1-0}"; else prove_item 0; fi || return 1
  done
  gw_unproven='' gw_looked_at=''
  use_item "$gw_leader"
}

# Reports what the current item is after its apply: $observed.
prove_item() { # EXIT of its apply
  if [ "$1" -ne 0 ] || [ "$observed" != "$gw_desired" ]; then
    {
      tail -c 3000 "$gw_run/log"
      printf '\nexit %s' "$1"
    } | report_text failed "$gw_index" apply
    report differs "$gw_index" "$observed"
    return 1
  fi
  gw_changed=$gw_changed$gw_newline$gw_key
  gw_dirty=yes
  eval "report changed \"\$gw_index\" \"\$gw_before_$gw_index\""
}
