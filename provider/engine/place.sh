# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Places on the disk. A rename may reach the disk before the bytes of what it renames, and a power cut then leaves an
# empty file in the place of a good one. So a new file is synced before it takes its place. Items whose kinds have a
# function KIND_prepare make theirs in the transaction's folder before the one sync that their captures need anyway;
# every other new file has a sync of its own. The renames, and what a tool of the machine did, are synced once, before
# the transaction is decided.
#
# Whoever can write a folder can put a link, or a folder of his own, in the place of what root makes there, at any
# moment: then root would write, or change a mode, elsewhere. So nothing is made in such a folder itself, and what is done
# there is done from within it, by names that no folder on the way is part of.

# Runs a command in the folder of PATH, where names that begin with ./ lead to it and nowhere else.
in_folder() { # PATH COMMAND…
  parents_trusted "$1" || return 1
  gw_outside=$PWD
  shift
  if cd -P "$gw_way_at/" && [ "$PWD" = "${gw_way_at:-/}" ]; then
    "$@"
  else
    echo "${gw_way_at:-/} is another folder than it was"
    false
  fi
  gw_code=$?
  cd "$gw_outside" || return
  return "$gw_code"
}

# Has a command make a new file or directory for PATH, under the name $gw_new, and moves it into its place.
place_new() { # PATH COMMAND…
  gw_place=$1
  shift
  place_sweep "$gw_place"
  place_look "$gw_place"
  if [ -z "$gw_alone" ]; then
    in_folder "$gw_place" new_apart "$@"
    return
  fi
  new_beside "$gw_place"
  "$@" && put_in_place "$gw_new" "$gw_place" && return
  rm -rf "$gw_new"
  return 1
}

# Makes it in a folder of root's own within this one. Its name can be exchanged, but root stays in it, and who is not
# root can move it nowhere else.
new_apart() { # COMMAND…
  gw_apart=$PWD/.groundwork-$gw_owner
  mkdir -m 0700 "./.groundwork-$gw_owner" && cd -P "./.groundwork-$gw_owner" || return 1
  gw_new=./${gw_place##*/}
  [ "$PWD" = "$gw_apart" ] && [ -O . ] && [ -n "$(find . -maxdepth 0 -empty ! -perm /077)" ] &&
    "$@" && put_in_place "$gw_new" "../${gw_place##*/}"
  gw_code=$?
  cd -P .. && rm -rf "./.groundwork-$gw_owner"
  return "$gw_code"
}

# Takes away what an interruption left of a new file for PATH.
place_sweep() { # PATH
  for gw_left in "$1.groundwork-$gw_owner" "$1.groundwork-$gw_owner.old" "${1%/*}/.groundwork-$gw_owner"; do
    [ ! -e "$gw_left" ] && [ ! -L "$gw_left" ] || rm -rf "$gw_left"
  done
}

# Takes away what lies at PATH, if its folder is there.
place_clear() { # PATH
  [ ! -d "${1%/*}/" ] || in_folder "$1" rm -rf "./${1##*/}"
}

# Moves a file or directory into its place, once it is on the disk; what cannot be put there goes.
put_in_place() { # NEW PATH
  if [ -L "$1" ]; then
    :
  elif [ -d "$1" ]; then
    sync -f "$1"
  elif [ -f "$1" ]; then
    sync "$1"
  fi && put_synced "$1" "$2" && return
  rm -rf "$1"
  return 1
}

# The same for what is on the disk. Some who watch a folder, containerd among them, take notice only of a rename
# within it: what was made in the transaction's folder passes through a name beside its place.
put_synced() { # NEW PATH
  case $1 in
    "$gw_transaction"/*) in_folder "$2" put_through "$1" "./${2##*/}" ;;
    *) put_over "$1" "$2" ;;
  esac
}

put_through() { # NEW PATH
  new_beside "$2"
  mv -fT "$1" "$gw_new" && put_over "$gw_new" "$2" && return
  rm -rf "$gw_new"
  return 1
}

# No rename puts a directory in the place of what is there: that makes room first.
put_over() { # NEW PATH
  if [ -d "$1" ] && [ ! -L "$1" ] && { [ -e "$2" ] || [ -L "$2" ]; }; then
    rm -rf "$1.old" && mv -T "$2" "$1.old" && mv -T "$1" "$2" && rm -rf "$1.old"
  else
    mv -fT "$1" "$2"
  fi
}

# Puts a copy of FILE, with all that belongs to it, in the place PATH; both are absolute.
copy_in_place() { # FILE PATH
  gw_copied=$1
  if new_hidden "$2"; then
    new_copy && put_in_place "$gw_new" "$2" && return
    rm -rf "$gw_new"
  fi
  # Where the one folder cannot be written the other one may be.
  place_new "$2" new_copy || copy_is_there "$2"
}

# A full disk has room for another name of a pre-image, which the transaction gives up once it is put back.
new_copy() {
  cp -a "$gw_copied" "$gw_new" && return
  case $gw_copied in
    "$gw_transaction/items/"*) [ -f "$gw_copied" ] && rm -rf "$gw_new" && ln -P "$gw_copied" "$gw_new" ;;
    *) false ;;
  esac
}

# Where nothing can be written nothing may have changed either.
copy_is_there() { # PATH
  [ -f "$gw_copied" ] && [ ! -L "$gw_copied" ] && [ -f "$1" ] && [ ! -L "$1" ] && cmp -s "$gw_copied" "$1" &&
    [ "$(stat -c '%a %u:%g %Y' "$gw_copied")" = "$(stat -c '%a %u:%g %Y' "$1")" ]
}

# Begins the new file with the bytes of FILE, for root only; a link that somebody put there is refused.
new_from() { # FILE
  (umask 077 && limit cp -P "$1" "$gw_new") && [ ! -L "$gw_new" ]
}

# Sets gw_new to the name under which a new file for PATH is made beside it, where nobody but root can write.
new_beside() { # PATH
  gw_new=$1.groundwork-$gw_owner
  [ ! -e "$gw_new" ] && [ ! -L "$gw_new" ] || rm -rf "$gw_new"
}

# Sets gw_new to a name in the transaction's folder, where nobody looks; false where no rename leads from there to PATH.
new_hidden() { # PATH
  place_look "$1"
  [ -n "$gw_reached" ] || return 1
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

# Looks at the folder of PATH, once until an item may have changed it. Sets gw_reached when it is on the file system of the
# transaction; a security module that labels by folder wants new files made where they belong. Sets gw_alone when nobody
# but root can change what lies there, nor put another folder in its place. Sets gw_masks when the mask alone decides about
# the modes of new files in the transaction's folder, as its order shows: a default access control list would, too.
gw_looked=$gw_newline gw_masks=''
place_look() { # PATH
  place_near "${1%/*}"
  case $gw_looked in
    *"$gw_newline$gw_near//"*) gw_line=${gw_looked#*"$gw_newline$gw_near//"} ;;
    *)
      place_examine
      gw_line="$gw_reached/$gw_alone"
      gw_looked=$gw_looked$gw_near//$gw_line$gw_newline
      ;;
  esac
  gw_line=${gw_line%%"$gw_newline"*}
  gw_reached=${gw_line%/*} gw_alone=${gw_line#*/}
}

place_examine() {
  gw_reached='' gw_alone=''
  parents_trusted "$gw_near/." >/dev/null || gw_way_at=/proc
  set -- "$gw_transaction/order" "$gw_near/"
  for gw_above in "$gw_way_at" "${gw_near%/}"; do
    while [ -n "$gw_above" ]; do
      set -- "$@" "$gw_above/"
      gw_above=${gw_above%/*}
    done
  done
  stat -c '%d %u %a' "$@" / >"$gw_run/look" || return
  {
    read -r gw_device gw_owned
    [ "$gw_owned" != '0 644' ] || gw_masks=yes
    read -r gw_at gw_owned
    [ "$gw_at" != "$gw_device" ] || [ -e /sys/fs/selinux/enforce ] || gw_reached=yes
    case $gw_owned in
      *[2367] | *[2367]?) ;;
      0\ *) gw_alone=yes ;;
    esac
    # Above it, nobody takes away what root has in a sticky folder.
    while read -r gw_at gw_owned; do
      case $gw_owned in
        0\ [1357]???) ;;
        *[2367] | *[2367]?) gw_alone='' ;;
        0\ *) ;;
        *) gw_alone='' ;;
      esac
    done
  } <"$gw_run/look"
}

# Remembers where the current item changes something.
gw_places=$gw_newline
place_note() {
  is_independent || gw_looked=$gw_newline
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
