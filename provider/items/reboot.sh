# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# reboot: after (keys, one a line) required; the transaction keeps which boot it asked to end (../engine/boot.sh)

# pending=no, or what asks for it.
reboot_observe() {
  boot_read
  reboot_ineffective
  if [ "$gw_boot_asked" = "$gw_boot" ]; then
    observed=pending=asked
  elif [ -n "$gw_ineffective" ]; then
    observed=pending$gw_ineffective
  elif [ -n "$gw_boot_asked" ]; then
    # It was done, in this very operation: what asked for it before it does not count any more.
    observed=pending=no
  elif changed_here "$after"; then
    observed=pending=changed
  elif [ "$required" = yes ] && [ -e /run/reboot-required ]; then
    observed=pending=required
  else
    observed=pending=no
  fi
}

# Sets gw_ineffective to `=KEY`, the first of the items named that is there and not in effect.
reboot_ineffective() {
  gw_ineffective=''
  [ -n "$gw_index" ] || return 0
  gw_at=$gw_index gw_needing=$gw_newline$after$gw_newline
  for gw_number in $gw_items; do
    use_item "$gw_number"
    case "$gw_needing / $gw_kinds_pending " in
      *"$gw_newline$gw_key$gw_newline"*/*" $gw_kind "*) ;;
      *) continue ;;
    esac
    if "${gw_kind}_pending"; then
      gw_ineffective="=$gw_key"
      break
    fi
  done
  use_item "$gw_at"
}

reboot_apply() {
  if [ -n "$gw_boot_asked" ] && [ "$gw_boot_asked" != "$gw_boot" ]; then
    echo "the machine was started again, and still ${observed#pending=} is not in effect"
    return 1
  fi
  boot_ask
}

reboot_capture() { :; }
reboot_restore() { :; }
