# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# A download whose whole archive becomes a directory: its member is a slash and how many leading folders its names lose.

is_tree() {
  case $member in
    /*) ;;
    *) return 1 ;;
  esac
}

tree_observe() {
  if [ -d "$path" ] && [ ! -L "$path" ]; then
    download_line "$(stat -c %a "$path")" "$(tree_known_digest)"
  elif [ -e "$path" ] || [ -L "$path" ]; then
    observed=other
  else
    observed=absent
  fi
}

# Prints the digest of a tree: every name with its kind, mode, owner and target, every file with its bytes.
tree_digest() { # FOLDER
  (
    cd "$1" || exit
    find . -printf '%P\t%y\t%m\t%U:%G\t%l\0' | LC_ALL=C sort -z
    find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
  ) | sha256sum | cut -d ' ' -f 1
}

# As digests of files: known as long as no stamp of a file or folder is another one.
tree_known_digest() {
  gw_stamp=$(cd "$path" && find . -printf '%P\t%m\t%U:%G\t%D:%i:%s:%T@:%C@\0' | LC_ALL=C sort -z | sha256sum)
  gw_stamp=${gw_stamp%% *} gw_known='' gw_sum=''
  [ ! -f "$gw_digests/$gw_hash" ] || read -r gw_known gw_sum <"$gw_digests/$gw_hash"
  if [ "$gw_known" != "$gw_stamp" ]; then
    gw_sum=$(tree_digest "$path")
    mkdir -p "$gw_digests" && chmod 700 "$gw_digests" && printf '%s %s\n' "$gw_stamp" "$gw_sum" >"$gw_digests/$gw_hash"
  fi
  printf '%s\n' "$gw_sum"
}

# A directory that nothing was extracted into has to be empty: what lies in it would be lost.
tree_may_go() {
  case $observed in
    source=unknown\ *) ;;
    *) return 0 ;;
  esac
  [ -n "$(find "$path" -maxdepth 0 -empty)" ] && return
  echo "$path is not empty, and nothing in it came from this archive: a tree needs a directory of its own"
  return 1
}

tree_install() {
  download_wanted_later
  place_new "$path" tree_make || return 1
  [ -n "$gw_again" ] || rm -f "$gw_cached" "$gw_cached.partial" "$gw_cached.part"
}

tree_make() {
  mkdir -m 0755 "$gw_new" &&
    limit tar -xf "$gw_cached" -C "$gw_new" --no-same-owner --no-same-permissions --strip-components="${member#/}" &&
    tree_is_something && chmod "$mode" "$gw_new" && gw_sum=$(tree_digest "$gw_new") && download_note "$gw_sum" &&
    tree_room
}

tree_is_something() {
  [ -z "$(find "$gw_new" -maxdepth 0 -empty)" ] && return
  echo "nothing is left of the archive without the first ${member#/} folders of its names"
  return 1
}

# What somebody changed or put into the old tree is moved aside and named.
tree_room() {
  case $observed in
    # A shell of its own: this one stays in the folder that it is in.
    *intact=no) [ -n "$(find "$path" -maxdepth 0 -empty)" ] || (stateDirectory_set_aside) ;;
  esac
}

tree_capture() {
  if [ -d "$path" ] && [ ! -L "$path" ]; then
    cp -a "$path" "$capture/tree"
  elif [ -e "$path" ] || [ -L "$path" ]; then
    # In the way of a directory: apply refuses, and nothing is to be put back.
    true >"$capture/other"
  else
    made_note "$path"
  fi
}

tree_restore() {
  [ ! -e "$capture/other" ] || return 0
  place_sweep "$path"
  if [ -d "$capture/tree" ]; then
    made_again "$path" && copy_in_place "$capture/tree" "$path"
  else
    place_clear "$path" && made_tidy "$path"
  fi
}
