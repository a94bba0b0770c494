# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# The dead-man timer: puts the pre-image back unless a new login confirms the change.

deadman_unit() { printf 'groundwork-revert-%s' "$gw_owner"; }

deadman_arm() {
  [ ! -e "$gw_transaction/armed" ] && [ -z "${gw_leave_locked-}" ] || return 0
  gw_unit=$(deadman_unit)
  deadman_write && true >"$gw_transaction/armed" && sync -f /etc "$gw_transaction" &&
    systemctl daemon-reload && systemctl start "$gw_unit.timer"
}

# Half of it would promise what nobody does.
deadman_write() {
  sed '/^# --- data ---$/q' "$gw_program" >"$gw_transaction/revert" &&
    printf 'gw_owner=%s\ngw_revert END\n' "$gw_owner" >>"$gw_transaction/revert" &&
    printf '[Unit]\nDescription=Groundwork waits for a confirmation\n[Timer]\nOnActiveSec=%s\nAccuracySec=1\n' \
      "$gw_deadman_seconds" >"/etc/systemd/system/$gw_unit.timer" &&
    printf '[Unit]\nDescription=Groundwork puts back an unconfirmed change\n[Service]\nType=oneshot\nExecStart=/bin/sh %s\n' \
      "$gw_transaction/revert" >"/etc/systemd/system/$gw_unit.service" &&
    mkdir -p /etc/systemd/system/timers.target.wants &&
    ln -sf "../$gw_unit.timer" "/etc/systemd/system/timers.target.wants/$gw_unit.timer"
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
  # The timer last: by it a later program knows that there is something to take away.
  rm -f "/etc/systemd/system/timers.target.wants/$gw_unit.timer" "/etc/systemd/system/$gw_unit.service" \
    "/etc/systemd/system/$gw_unit.timer"
  systemctl daemon-reload
}

# Run by the timer: nobody confirmed.
gw_revert() {
  [ "$1" = END ] || return 1
  gw_run=$(mktemp -d /run/groundwork-revert.XXXXXX)
  exec 3>"$gw_run/report"
  gw_transaction=$gw_root/transactions/$gw_owner
  gw_armed=$(cat "$gw_transaction/armed" 2>/dev/null)
  lock_owner
  # A program that was still at work when the time was over has started it over.
  if [ -d "$gw_transaction" ] && [ "$(cat "$gw_transaction/armed")" = "$gw_armed" ]; then
    transaction_resume
  fi
  rm -rf "$gw_run"
}
