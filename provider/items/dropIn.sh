# shellcheck shell=sh
# shellcheck disable=SC2154,SC2015 # the engine sets the item's variables; `a && b || c` is meant
# A file of one line that an item has to itself, beside others of its folder. The line has no backslash.

# True when it holds just this line.
dropIn_holds() { # PATH LINE
  [ ! -L "$1" ] && [ -f "$1" ] || return 1
  { IFS= read -r gw_line && [ "$gw_line" = "$2" ] && ! IFS= read -r gw_line && [ -z "$gw_line" ]; } <"$1"
}

# Appears whole or not at all.
dropIn_write() { # PATH LINE
  [ -d "${1%/*}/" ] || made_again "$1" || return 1
  new_beside "$1"
  printf '%s\n' "$2" >"$gw_new" && chmod 644 "$gw_new" && put_in_place "$gw_new" "$1" || {
    rm -f "$gw_new"
    return 1
  }
}

dropIn_capture() { # PATH NAME
  if [ -e "$1" ] || [ -L "$1" ]; then
    cp -a "$1" "$capture/$2"
  else
    made_note "$1"
  fi
}

dropIn_restore() { # PATH NAME
  if [ -e "$capture/$2" ] || [ -L "$capture/$2" ]; then
    made_again "$1" && copy_in_place "$capture/$2" "$1"
  else
    rm -f "$1" "$1.groundwork-$gw_owner" || return 1
    made_tidy "$1"
  fi
}
