# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# symlink: path target

symlink_observe() {
  if [ -L "$path" ]; then
    # The mark keeps line ends that belong to the target.
    gw_target=$(readlink "$path" && echo .)
    symlink_line "${gw_target%??}"
  elif [ -d "$path" ]; then
    observed=directory
  elif [ -e "$path" ]; then
    observed='file'
  else
    observed=absent
  fi
}

symlink_line() { # TARGET: sets $observed, which is one line
  case $1 in
    *[[:cntrl:]]*) observed='symlink to a name with control characters' ;;
    *) observed="symlink target=$1" ;;
  esac
}

# Two processes for all links: readlink prints one target for each argument, in order.
symlink_observe_many() {
  gw_many=$*
  gw_regular=''
  set --
  for gw_i in $gw_many; do
    use_item "$gw_i"
    if [ -L "$path" ]; then
      set -- "$@" "$path"
      gw_regular="$gw_regular $gw_i"
    else
      symlink_observe
      remember "$gw_i" "$observed"
    fi
  done
  [ $# -gt 0 ] || return 0
  # Where one answer is missing, the targets do not fit: then each link is observed by itself.
  readlink -z "$@" >"$gw_run/links" || return 0
  tr '\n\0' '\1\n' <"$gw_run/links" >"$gw_run/targets"
  exec 5<"$gw_run/targets"
  for gw_i in $gw_regular; do
    IFS= read -r gw_target <&5
    symlink_line "$gw_target"
    remember "$gw_i" "$observed"
  done
  exec 5<&-
}

# The new link appears whole or not at all: made beside the old one, renamed.
symlink_apply() {
  [ "$observed" != directory ] || {
    echo "$path is a directory"
    return 1
  }
  parents_trusted "$path" || return 1
  [ -d "${path%/*}/" ] || made_again "$path" || return 1
  place_new "$path" symlink_make
}

symlink_make() { ln -sT -- "$target" "$gw_new"; }

symlink_capture() { file_capture; }
symlink_has_content() { :; }
symlink_restore() { file_restore; }
