# shellcheck shell=sh
# shellcheck disable=SC2154,SC2015 # the engine sets the item's variables; `a && b || c` is meant
# Folders above an item's path that had to be made. Several items may come to lie in one, so whoever
# is put back last takes it away: /var/lib/groundwork/made mirrors them, each with a file `.made`.

# Before a change: marks the folders above PATH that are not there.
made_note() { # PATH
  gw_parent=${1%/*}
  while [ -n "$gw_parent" ] && [ ! -d "$gw_parent" ]; do
    made_mark "$gw_parent" || return 1
    gw_parent=${gw_parent%/*}
  done
}

# Brings back the folders above PATH that an earlier restore of the same operation may have taken away.
made_again() { # PATH
  made_note "$1" && mkdir -p "${1%/*}/"
}

made_mark() { # FOLDER
  [ -e "$gw_root/made$1/.made" ] || { mkdir -p "$gw_root/made$1" && true >"$gw_root/made$1/.made"; }
}

# After a restore: takes away the marked folders above PATH, as far as they are empty and nobody's.
made_tidy() { # PATH
  gw_parent=${1%/*}
  while [ -n "$gw_parent" ]; do
    if [ -e "$gw_root/made$gw_parent/.made" ]; then
      if [ -d "$gw_parent" ]; then
        ! still_claimed "directory:$gw_parent" && ! still_claimed "stateDirectory:$gw_parent" || return 0
        rmdir "$gw_parent" 2>/dev/null || return 0
      fi
      rm -f "$gw_root/made$gw_parent/.made"
      (cd "$gw_root" && rmdir -p "made$gw_parent" 2>/dev/null) || :
    fi
    gw_parent=${gw_parent%/*}
  done
}
