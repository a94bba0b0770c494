# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Places on the disk. A rename may reach the disk before the bytes of what it renames, and a power cut then leaves an
# empty file in the place of a good one. So a new file is synced before it takes its place. Items whose kinds have a
# function KIND_prepare make theirs in the transaction's folder before the one sync that their captures need anyway;
# every other new file has a sync of its own. The renames, and what a tool of the machine did, are synced once, before
# the transaction is decided.

# Moves a file into its place, once it is on the disk; a file that cannot be put there goes.
put_in_place() { # NEW PATH
  { [ -L "$1" ] || [ ! -f "$1" ] || sync "$1"; } && put_synced "$1" "$2" && return
  rm -f "$1"
  return 1
}

# The same for a file that is on the disk. Some who watch a folder, containerd among them, take notice only of a rename
# within it: what was made in the transaction's folder passes through a name beside its place.
put_synced() { # NEW PATH
  case $1 in
    "$gw_transaction"/*)
      new_beside "$2"
      mv -fT "$1" "$gw_new" && mv -fT "$gw_new" "$2" && return
      rm -f "$gw_new"
      return 1
      ;;
    *) mv -fT "$1" "$2" ;;
  esac
}

# Puts a copy of FILE, with all that belongs to it, in the place PATH.
copy_in_place() { # FILE PATH
  new_hidden "$2" || new_beside "$2"
  cp -a "$1" "$gw_new" && put_in_place "$gw_new" "$2" && return
  rm -rf "$gw_new"
  return 1
}

# Sets gw_new to the name under which a new file for PATH is made beside it.
new_beside() { # PATH
  gw_new=$1.groundwork-$gw_owner
  [ ! -e "$gw_new" ] && [ ! -L "$gw_new" ] || rm -rf "$gw_new"
}

# Sets gw_new to a name in the transaction's folder, where nobody looks; false where no rename leads from there to PATH.
new_hidden() { # PATH
  place_reached "$1" || return 1
  gw_new=$gw_transaction/new-$gw_hash
  [ ! -e "$gw_new" ] && [ ! -L "$gw_new" ] || rm -rf "$gw_new"
}

# True when the current item's new file was made in the transaction's folder, and synced; sets gw_new to it.
is_prepared() {
  gw_new=$gw_transaction/new-$gw_hash
  [ -f "$gw_new" ]
}

# Sets gw_near to the folder that PATH is in, or is to be in; PATH itself where that is a folder.
place_near() { # PATH
  gw_near=/
  case $1 in
    /*) gw_near=$1 ;;
  esac
  while [ ! -d "$gw_near/" ]; do gw_near=${gw_near%/*}; done
}

# True when PATH is on the file system of the transaction. A security module that labels by folder wants new files
# made where they belong.
gw_reached=$gw_newline gw_unreached_places=$gw_newline
place_reached() { # PATH
  [ ! -e /sys/fs/selinux/enforce ] || return 1
  place_near "${1%/*}"
  case $gw_reached in *"$gw_newline$gw_near$gw_newline"*) return 0 ;; esac
  case $gw_unreached_places in *"$gw_newline$gw_near$gw_newline"*) return 1 ;; esac
  gw_devices=$(stat -c %d "$gw_near/" "$gw_transaction/")
  if [ "${gw_devices%%"$gw_newline"*}" = "${gw_devices##*"$gw_newline"}" ]; then
    gw_reached=$gw_reached$gw_near$gw_newline
  else
    gw_unreached_places=$gw_unreached_places$gw_near$gw_newline
    return 1
  fi
}

# Remembers where the current item changes something.
gw_places=$gw_newline
place_note() {
  place_near "${path-}"
  case $gw_places in *"$gw_newline$gw_near$gw_newline"*) return 0 ;; esac
  gw_places=$gw_places$gw_near$gw_newline
}

# Syncs each file system on which this run changed something, once: those of its items' paths, and the system's own,
# where tools of the machine write. A plain sync would wait for everybody's disks, and for servers that do not answer.
places_sync() {
  gw_ifs=$IFS
  IFS=$gw_newline
  set -f
  # shellcheck disable=SC2086
  set -- $gw_places
  set +f
  IFS=$gw_ifs
  stat -c %m / /etc /usr /var "$gw_root" "$@" 2>/dev/null | sort -u >"$gw_run/places"
  set --
  while IFS= read -r gw_near; do set -- "$@" "$gw_near"; done <"$gw_run/places"
  sync -f "$@" || sync
}
