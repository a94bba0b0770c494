# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# absent: path size_limit

absent_observe() {
  if [ -L "$path" ]; then
    observed=symlink
  elif [ -d "$path" ]; then
    observed=directory
  elif [ -f "$path" ]; then
    observed='file'
  elif [ -e "$path" ]; then
    observed=other
  else
    observed=absent
  fi
}

absent_is() { [ ! -e "$path" ] && [ ! -L "$path" ]; }

# What must stay where it is: a mount point, and Groundwork's own folder, by whatever way the path leads there.
absent_movable() {
  [ ! -L "$path" ] || return 0
  gw_real=$(realpath "$path") || return 1
  case $gw_root/ in
    "$gw_real"/*)
      echo "$path holds $gw_root"
      return 1
      ;;
  esac
  absent_mounts >"$gw_run/mounts" || return 1
  while IFS= read -r gw_mount; do
    case $gw_mount in
      "$gw_real" | "$gw_real"/*)
        echo "$gw_mount is a mount point: unmount it first"
        return 1
        ;;
    esac
  done <"$gw_run/mounts"
}

# Prints every mount point. The kernel writes blanks and backslashes in octal; findmnt would write other signs than
# ASCII as codes.
gw_mountinfo=/proc/self/mountinfo
absent_mounts() {
  sed 's/^\([^ ]* \)\{4\}\([^ ]*\) .*/\2/; s/\\040/ /g; s/\\011/\t/g; s/\\134/\\/g' "$gw_mountinfo"
}

# A name beside the path, short enough wherever the path's own name is.
absent_beside() { printf '%s' "./.groundwork-$1-$gw_hash"; } # WORD

# Gone at once, then deleted: nobody sees a directory that is half there.
absent_apply() {
  parents_trusted "$path" && absent_movable && absent_aside gone && absent_delete gone
}

absent_aside() { # WORD
  absent_delete "$1" && in_folder "$path" mv -T "./${path##*/}" "$(absent_beside "$1")"
}

absent_delete() { # WORD
  [ ! -d "${path%/*}/" ] || in_folder "$path" limit rm -rf --one-file-system "$(absent_beside "$1")"
}

absent_capture() {
  parents_trusted "$path" || return 1
  ! absent_is || return 0
  absent_movable && absent_fits && limit cp -aT "$path" "$capture/old"
}

# Captures lie on the machine's own disk, which they must not fill.
absent_fits() {
  # Not -x, which leaves files out where an overlay gives them a device of their own; nothing is mounted below.
  gw_size=$(limit du -sk "$path") || return 1
  gw_size=${gw_size%%[!0-9]*}
  [ "$gw_size" -le $((size_limit * 1024)) ] || {
    echo "$path holds $((gw_size / 1024 + 1)) MiB, and at most $size_limit MiB are captured: raise sizeLimit, or take it away by hand"
    return 1
  }
  gw_free=$(df -k --output=avail "$gw_root") || return 1
  gw_free=${gw_free##*[!0-9]}
  # 64 MiB are left for everybody else.
  [ $((gw_size + 65536)) -le "$gw_free" ] || {
    echo "$path holds $((gw_size / 1024 + 1)) MiB, and $gw_root has room for $((gw_free / 1024)) MiB only"
    return 1
  }
}

absent_has_content() { :; }

# The copy takes the place of whatever came to be there; what an interruption left beside it goes last.
absent_restore() {
  parents_trusted "$path" && { absent_is || absent_movable; } || return 1
  if [ -e "$capture/old" ] || [ -L "$capture/old" ]; then
    made_again "$path" && place_new "$path" absent_copy || return 1
  else
    absent_is || absent_aside replaced || return 1
  fi
  absent_delete replaced && absent_delete gone
}

absent_copy() {
  limit cp -aT "$capture/old" "$gw_new" || return 1
  # A shell of its own: this one stays in the folder that it is in.
  absent_is || (absent_aside replaced)
}
