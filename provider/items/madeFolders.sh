# shellcheck shell=sh
# shellcheck disable=SC2154,SC2015 # the engine sets the item's variables; `a && b || c` is meant
# Folders above an item's path that had to be made. Several items may come to lie in one, so whoever
# is put back last takes it away: /var/lib/groundwork/made mirrors them, each with a file `.made`.
# A folder and its mark come and go under the registry's lock: another stream may be about to use them.

# Before a change: marks the folders above PATH that are not there.
made_note() { # PATH
  gw_parent=${1%/*}
  while [ -n "$gw_parent" ] && [ ! -d "$gw_parent" ]; do
    made_mark "$gw_parent" || return 1
    gw_parent=${gw_parent%/*}
  done
}

# Brings back the folders above PATH that a restore may have taken away since.
made_again() { # PATH
  lock_registry
  made_note "$1" && mkdir -p "${1%/*}/"
  made_done $?
}

made_mark() { # FOLDER
  [ -e "$gw_root/made$1/.made" ] || { mkdir -p "$gw_root/made$1" && true >"$gw_root/made$1/.made"; }
}

# After a restore: takes away the marked folders above PATH, as far as they are empty and nobody's.
made_tidy() { # PATH
  gw_parent=${1%/*}
  while [ -n "$gw_parent" ]; do
    [ ! -e "$gw_root/made$gw_parent/.made" ] || made_leave "$gw_parent" || return 0
    gw_parent=${gw_parent%/*}
  done
}

made_leave() { # FOLDER
  lock_registry
  made_take_away "$1"
  made_done $?
}

made_done() { # STATUS
  unlock_registry
  return "$1"
}

made_take_away() { # FOLDER
  [ ! -d "$1" ] || {
    ! still_claimed "directory:$1" && ! still_claimed "stateDirectory:$1" && ! others_claim_in "$1" || return 1
    rmdir "$1" 2>/dev/null || return 1
  }
  rm -f "$gw_root/made$1/.made"
  (cd "$gw_root" && rmdir -p "made$1" 2>/dev/null) || :
}

# What another stream is about to put there has no place any more once the folder is gone.
others_claim_in() { # FOLDER
  for gw_claim in "$gw_root"/claims/*; do
    [ "$gw_claim" = "$gw_root/claims/$gw_owner" ] || ! grep -qsF -e ":$1/" "$gw_claim" || return 0
  done
  return 1
}

# When nobody claims anything any more: what is still marked is nobody's.
made_close() {
  [ -d "$gw_root/made" ] || return 0
  find "$gw_root/made" -mindepth 1 -depth -type d >"$gw_run/made"
  while IFS= read -r gw_parent; do
    [ ! -e "$gw_parent/.made" ] || rmdir "${gw_parent#"$gw_root/made"}" 2>/dev/null || :
  done <"$gw_run/made"
}
