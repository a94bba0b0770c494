# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# timezone: zone path text

gw_zones=/usr/share/zoneinfo

timezone_observe() {
  if [ -L "$path" ]; then
    gw_zone=$(readlink "$path")
    gw_zone=${gw_zone##*/zoneinfo/}
  elif [ -e "$path" ]; then
    gw_zone='a copy'
  else
    gw_zone=none
  fi
  # Debian 13 keeps no such file, and nothing is missing then.
  gw_text=$zone
  if [ -e "$text" ]; then
    gw_text=''
    read -r gw_text <"$text" || :
  fi
  # A link that leads nowhere means UTC.
  [ -f "$gw_zones/$zone" ] || gw_zone='unknown here'
  observed="zone=$gw_zone text=$gw_text"
}

timezone_apply() {
  [ "$(head -c 4 "$gw_zones/$zone" 2>/dev/null)" = TZif ] || {
    echo "there is no time zone $zone under $gw_zones: see its name, and that the package tzdata is installed"
    return 1
  }
  new_beside "$path"
  ln -sT "$gw_zones/$zone" "$gw_new" && put_in_place "$gw_new" "$path" || return 1
  [ -e "$text" ] || return 0
  new_beside "$text"
  printf '%s\n' "$zone" >"$gw_new" && chmod 644 "$gw_new" && put_in_place "$gw_new" "$text"
}

timezone_capture() {
  [ ! -e "$text" ] || cp -a "$text" "$capture/text" || return 1
  file_capture
}

timezone_restore() {
  [ ! -e "$capture/text" ] || copy_in_place "$capture/text" "$text" || return 1
  file_restore
}
