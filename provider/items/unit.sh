# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables
# unit: a file that systemd has to read again

unit_observe_many() { file_observe_many "$@"; }
unit_capture() { file_capture; }
unit_prepare() { file_prepare; }

# Read again once for units in a row: the next one is observed, whether it is applied or not.
unit_observe() {
  file_observe
  [ -n "${gw_reload_due-}" ] && [ -n "$gw_index" ] || return 0
  later_items
  case "$gw_later " in
    " $((gw_index + 1)) "*) ;;
    *) systemd_reload || observed="$observed reload=failed" ;;
  esac
}

unit_apply() { file_apply && systemd_reload_later; }

# The second pass reads once for all.
unit_has_content() { :; }

unit_restore() { file_restore && systemd_reload_later; }
unit_after_restore() { systemd_reload; }
