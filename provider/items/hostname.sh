# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# hostname: name path; needs no hostnamed, which minimal machines lack

hostname_observe() {
  gw_boot=none
  if [ -f "$path" ]; then
    while read -r gw_line || [ -n "$gw_line" ]; do
      case $gw_line in
        '' | '#'*) continue ;;
      esac
      gw_boot=$gw_line
      break
    done <"$path"
  fi
  observed="boot=$gw_boot live=$(uname -n)"
}

hostname_apply() {
  new_beside "$path"
  printf '%s\n' "$name" >"$gw_new" && chmod 644 "$gw_new" && put_in_place "$gw_new" "$path" && limit hostname "$name"
}

hostname_capture() { uname -n >"$capture/live" && file_capture; }

hostname_restore() { file_restore && limit hostname "$(cat "$capture/live")"; }
