# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# A transaction that needs a new start of the machine: it waits on the disk, and goes on in the next boot.
# Its file `boots` has a line `HASH BOOT-ID HOLDER` for each item that asked, with the boot that was to end, and the
# deployment that goes on after it.

gw_boot_due=/run/groundwork/rebooting
# This program asked for a boot; it goes on with what an earlier one began; it may do nothing else.
gw_rebooting='' gw_continued='' gw_resume=''

# Sets gw_boot to this boot's id, and gw_boot_asked to the one that the current item asked to end.
boot_read() {
  gw_boot=$(cat /proc/sys/kernel/random/boot_id)
  gw_boot_asked=''
  [ -f "$gw_root/transactions/$gw_owner/boots" ] || return 0
  while read -r gw_a gw_b _; do
    [ "$gw_a" != "$gw_hash" ] || gw_boot_asked=$gw_b
  done <"$gw_root/transactions/$gw_owner/boots"
}

# The current item ends this program; from the mark on, an interruption is gone on with, not put back.
boot_ask() {
  gw_boots=$gw_transaction/boots
  places_sync
  {
    [ ! -f "$gw_boots" ] || cat "$gw_boots"
    printf '%s %s %s\n' "$gw_hash" "$gw_boot" "$gw_holder"
  } >"$gw_boots.new" && mv -f "$gw_boots.new" "$gw_boots" && sync -f "$gw_transaction" || return 1
  # However long it took so far: from here on the time is the restart's.
  [ ! -e "$gw_transaction/armed" ] || deadman_start_over restart
  gw_rebooting=yes
  gw_boot_seconds=$time_limit
}

# True while the restart that the transaction asked for is yet to come, and will.
boot_is_under_way() {
  [ -f "$gw_transaction/boots" ] || return 1
  read -r gw_boot </proc/sys/kernel/random/boot_id
  grep -q "^[^ ]* $gw_boot" "$gw_transaction/boots" && boot_is_coming
}

# Programs that are at work end first; those that start from here on wait for the next boot.
boot_begin() {
  : >"$gw_boot_due"
  # shellcheck disable=SC2016 # expanded by the inner shell
  if ! systemd-run --quiet --collect --unit=groundwork-reboot sh -c '
    for lock in "$1"/owner-*; do flock "$lock" true; done
    # The provider reads what this program reported.
    sleep 1
    systemctl reboot && sleep 300
    rm -f "$2"
  ' reboot "$gw_locks" "$gw_boot_due" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&-; then
    # Another stream may have asked as well.
    systemctl is-active -q groundwork-reboot.service || {
      rm -f "$gw_boot_due"
      refuse GW312 "$(tail -c 1000 "$gw_run/log")"
      return 1
    }
  fi
  report rebooting "$gw_boot" "$gw_boot_seconds" begun
}

# True when this program must not begin: the machine is about to be started again.
boot_is_due() {
  [ -e "$gw_boot_due" ] || return 1
  # What was to start it again may have been killed, or is just being started.
  boot_is_coming || { sleep 1 && boot_is_coming; } || {
    rm -f "$gw_boot_due"
    return 1
  }
  report rebooting "$(cat /proc/sys/kernel/random/boot_id)" 600 waiting
}

# A system that stops soon answers no more: only one that says so runs on.
boot_is_coming() {
  systemctl is-active -q groundwork-reboot.service && return
  case $(systemctl is-system-running 2>/dev/null) in
    initializing | starting | running | degraded | maintenance) return 1 ;;
  esac
}

# True when this owner's transaction waited for a boot, and the very same is wanted still.
boot_goes_on() {
  gw_transaction=$gw_root/transactions/$gw_owner
  [ -f "$gw_transaction/boots" ] && ! transaction_is_decided || return 1
  claim_text >"$gw_run/claim"
  grep -v "^operation$gw_tab" "$gw_transaction/claim.after" | cmp -s "$gw_run/claim" - || return 1
  gw_continued=yes
}

# The provider came back after the boot, and there is nothing to go on with.
boot_lost() { refuse GW312 "the operation that waited for the next boot was taken back meanwhile"; }
