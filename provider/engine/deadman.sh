# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# The dead-man timer: puts the pre-image back unless a new login confirms the change. The file `armed` gets a line each
# time that it starts over: its end is an end only where there is none since.

deadman_unit() { printf 'groundwork-revert-%s' "$gw_owner"; }

deadman_arm() {
  [ ! -e "$gw_transaction/armed" ] && [ -z "${gw_leave_locked-}" ] || return 0
  gw_unit=$(deadman_unit)
  deadman_write && true >"$gw_transaction/armed" && sync -f /etc "$gw_transaction" &&
    systemctl daemon-reload && systemctl start "$gw_unit.timer"
}

# Half of it would promise what nobody does.
deadman_write() {
  deadman_program >"$gw_transaction/revert" &&
    printf '[Unit]\nDescription=Groundwork waits for a confirmation\n[Timer]\nOnActiveSec=%s\nAccuracySec=1\n' \
      "$gw_deadman_seconds" >"/etc/systemd/system/$gw_unit.timer" &&
    printf '[Unit]\nDescription=Groundwork puts back an unconfirmed change\n[Service]\nType=oneshot\nExecStart=/bin/sh %s\n' \
      "$gw_transaction/revert" >"/etc/systemd/system/$gw_unit.service" &&
    systemd_want "../$gw_unit.timer" "/etc/systemd/system/timers.target.wants/$gw_unit.timer"
}

# What the timer runs, and who says by hand that the machine is right as it is.
deadman_program() {
  # shellcheck disable=SC2016 # expanded when it runs
  sed '/^# --- data ---$/q' "$gw_program" &&
    printf 'gw_owner=%s\ncase ${1-} in keep) gw_keep END ;; *) gw_revert END ;; esac\n' "$gw_owner"
}

# The work is done, or goes on after a restart: the time starts now, however long it took.
deadman_start_over() { # [restart]
  echo "${1-waiting}" >>"$gw_transaction/armed"
  systemctl restart "$(deadman_unit).timer"
}

# True while the timer waits, or what it started runs.
deadman_is_set() {
  case $(systemctl show -p SubState --value "$(deadman_unit).timer" 2>/dev/null) in
    waiting | running) ;;
    *) return 1 ;;
  esac
}

deadman_disarm() {
  gw_unit=$(deadman_unit)
  [ -e "/etc/systemd/system/$gw_unit.timer" ] || return 0
  systemctl stop "$gw_unit.timer"
  # The timer last: by it a later program knows that there is something to take away.
  rm -f "/etc/systemd/system/timers.target.wants/$gw_unit.timer" "/etc/systemd/system/$gw_unit.service" \
    "/etc/systemd/system/$gw_unit.timer"
  systemctl daemon-reload
}

# Run by the timer: nobody confirmed.
gw_revert() {
  [ "$1" = END ] || return 1
  deadman_run
  gw_armed=$(cat "$gw_transaction/armed" 2>/dev/null)
  lock_owner
  # A program that was still at work when the time was over has started it over.
  if [ -d "$gw_transaction" ] && [ "$(cat "$gw_transaction/armed")" = "$gw_armed" ]; then
    # A machine that is about to stop is left as it is, and asked again: the restart may fail.
    if boot_is_under_way; then deadman_start_over restart; else transaction_resume; fi
  fi
  rm -rf "$gw_run"
}

# Run by hand: what waits for a login only is confirmed without one.
gw_keep() {
  [ "$1" = END ] || return 1
  deadman_run
  lock_owner
  gw_code=0
  if [ "$(tail -n 1 "$gw_transaction/armed" 2>/dev/null)" = waiting ] && [ ! -e "$gw_transaction/restoring" ] && [ ! -e "$gw_transaction/restored" ]; then
    transaction_commit
    gw_code=$?
  else
    echo 'nothing here waits for a login: run ./groundwork up' >&2
    gw_code=1
  fi
  rm -rf "$gw_run"
  return "$gw_code"
}

deadman_run() {
  gw_run=$(mktemp -d /run/groundwork-revert.XXXXXX)
  exec 3>"$gw_run/report"
  gw_transaction=$gw_root/transactions/$gw_owner
}
