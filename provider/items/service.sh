# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# service: unit enabled (yes, no or masked) running restart_on reload_on

# Reads units into gw_unit_1, gw_unit_2 …, and how many answered into gw_units. One process, and one more for
# those with links: systemd remembers that state and would miss a link that somebody removed.
service_look() { # UNIT…
  limit systemctl show -p Id,LoadState,UnitFileState,WantedBy,RequiredBy,UpheldBy,TriggeredBy,ActiveState,SubState,Type \
    -- "$@" </dev/null >"$gw_run/units" 2>/dev/null || answered $? systemctl || return
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
    limit systemctl is-enabled -- "$@" </dev/null >"$gw_run/units" 2>/dev/null || answered $? systemctl || return
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
  case $gw_load/$enabled$running in
    not-found/nono | not-found/masked*) ;;
    not-found/*)
      observed=absent
      return
      ;;
  esac
  case $gw_file in
    enabled) gw_enabled=yes ;;
    masked*)
      gw_enabled=masked
      case $enabled$running/$gw_file in
        # Until the next boot is not for good.
        nono/* | masked*/masked-runtime) gw_enabled=no ;;
      esac
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
  service_look "$unit" || return
  service_take gw_unit_1
}

# A unit on its way from one state to another gets three seconds.
service_observe() {
  gw_tries=15 observed=unknown
  service_read || return 0
  while service_moving && [ "$gw_tries" -gt 0 ]; do
    gw_tries=$((gw_tries - 1))
    sleep 0.2
    service_read || return 0
  done
  service_judge
  service_keep "gw_service_$gw_index"
  # New links are for the next boot: the last of several services has them read.
  [ -n "${gw_reload_due-}" ] && [ -n "$gw_index" ] || return 0
  later_items
  [ -n "$gw_later" ] || systemd_reload || observed="$observed reload=failed"
}

# What systemd did not say when it was looked at is asked once more.
service_known() {
  [ "$observed" = unknown ] || return 0
  service_read || return
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
  service_look "$@" || {
    # shellcheck disable=SC2086
    remember_unknown $gw_many
    return
  }
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
  systemd_reload || return
  service_known || return
  service_take "gw_service_$gw_index"
  if [ "$observed" = absent ]; then
    echo "there is no unit $unit"
    return 1
  fi
  service_enablement && service_run
  gw_code=$?
  [ "$gw_code" -eq 0 ] || service_evidence
  return "$gw_code"
}

# From systemd 255 on, its status shows the last start only, which may have said nothing yet.
service_evidence() {
  limit systemctl status --no-pager --full --lines=0 -- "$gw_id" </dev/null || :
  limit journalctl -q --no-pager -n 20 -u "$gw_id" </dev/null || :
}

service_enablement() {
  case "$observed " in
    "enabled=$enabled "*) return 0 ;;
    enabled=masked*) service_unmask ;;
  esac
  if [ "$enabled" = masked ]; then
    service_link mask && systemd_reload
    return
  fi
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

service_unmask() { service_link unmask && service_link unmask --runtime && systemd_reload && service_read; }

service_link() { # COMMAND [OPTION] for the unit's own name: systemd refuses aliases
  systemd_reload_later
  locked systemd timeout -k 5 "$time_limit" systemctl --no-reload "$@" -- "$gw_id"
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
      [ "$gw_active" != failed ] || limit systemctl reset-failed -- "$gw_id"
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
  # shellcheck disable=SC2086 # names of units hold neither blanks nor patterns
  limit systemctl show -p Id,NRestarts,ActiveState -- $gw_fresh </dev/null | service_ended >"$gw_run/ended"
  gw_fresh=''
  read -r gw_id gw_rest <"$gw_run/ended" || return 0
  printf '%s ended as soon as it was started (%s)\n' "$gw_id" "$gw_rest"
  return 1
}

service_ended() { # prints ID and REASON of units that did not stay
  awk -F= '
    function judge() {
      if (reason != "") print id " " reason
      reason = ""
    }
    $1 == "Id" { id = $2 }
    $1 == "NRestarts" && $2 > 0 { reason = "systemd restarted it" }
    $1 == "ActiveState" && $2 != "active" && $2 != "reloading" { reason = "it is " $2 }
    $0 == "" { judge() }
    END { judge() }
  '
}

service_capture() {
  service_known || return
  eval "printf '%s\n' \"\$gw_service_$gw_index\"" >"$capture/was"
}

service_was() { # the captured words, beside the present ones
  read -r _ _ gw_was_file gw_was_pulled gw_was_active _ <"$capture/was"
}

# Takes back enablement and stops what did not run. What ran sees its old files in the second pass.
service_restore() {
  service_was
  service_read || return
  case $gw_was_file/$gw_file in
    masked*/*) ;;
    */masked*) service_unmask || return ;;
  esac
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
    active/* | activating/* | reloading/* | */inactive | failed/failed) ;;
    */failed) service_forget_failure ;;
    *) limit systemctl stop -- "$gw_id" && service_forget_failure ;;
  esac
}

# What was ended in the middle of its start counts as failed, and systemd would remember it without its unit.
service_forget_failure() { limit systemctl reset-failed -- "$gw_id" 2>/dev/null || answered $? systemctl; }

service_after_restore() {
  systemd_reload
  service_was
  case $gw_was_active in
    active | activating | reloading) ;;
    *) return 0 ;;
  esac
  service_read >"$gw_run/after.log" 2>&1 || {
    printf '%s: %s' "$gw_key" "$(cat "$gw_run/after.log")" | report_text unrestored
    return 1
  }
  [ "$gw_load" != not-found ] || return 0
  case $gw_id in
    # A restart of these would end what runs below them.
    *.target | *.slice | *.mount) gw_command=start ;;
    *)
      gw_command=restart
      [ -n "$restart_on" ] || [ -z "$reload_on" ] || gw_command=reload-or-restart
      ;;
  esac
  [ "$gw_active" != failed ] || limit systemctl reset-failed -- "$gw_id"
  limit systemctl "$gw_command" -- "$gw_id" >"$gw_run/after.log" 2>&1 || {
    printf '%s: %s' "$gw_key" "$(cat "$gw_run/after.log")" | report_text unrestored
    return 1
  }
}
