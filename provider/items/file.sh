# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2015 # the engine sets the item's variables and reads $observed
# file: path mode owner group validate; data is the content

file_observe() {
  if [ -L "$path" ]; then
    observed=symlink
  elif [ -f "$path" ]; then
    file_line "$(stat -c '%a %U:%G' -- "$path")" "$(sha256sum <"$path")"
  elif [ -e "$path" ]; then
    observed=other
  else
    observed=absent
  fi
}

file_line() { # "MODE OWNER:GROUP" "DIGEST …": sets $observed
  gw_mode=${1%% *}
  while [ ${#gw_mode} -lt 4 ]; do gw_mode=0$gw_mode; done
  observed="file mode=$gw_mode owner=${1#* } sha256=${2%% *}"
}

# Two processes for all files: stat and sha256sum print one line for each argument, in order.
file_observe_many() {
  gw_many=$*
  gw_regular=''
  set --
  for gw_i in $gw_many; do
    use_item "$gw_i"
    if [ ! -L "$path" ] && [ -f "$path" ]; then
      set -- "$@" "$path"
      gw_regular="$gw_regular $gw_i"
    else
      file_observe
      remember "$gw_i" "$observed"
    fi
  done
  [ $# -gt 0 ] || return 0
  # Where one answer is missing, the lines do not fit: then each file is observed by itself.
  stat -c '%a %U:%G' -- "$@" >"$gw_run/stat" && sha256sum -- "$@" >"$gw_run/sums" || return 0
  exec 5<"$gw_run/stat" 6<"$gw_run/sums"
  for gw_i in $gw_regular; do
    read -r gw_stat <&5
    read -r gw_sum <&6
    # sha256sum marks a name that it had to escape with a backslash before the digest.
    file_line "$gw_stat" "${gw_sum#\\}"
    remember "$gw_i" "$observed"
  done
  exec 5<&- 6<&-
}

# A validation may look at what lies beside the file: that one is made when its turn comes.
file_prepare() { [ -z "$validate" ] && new_hidden "$path" && file_make; }

# The new file appears whole or not at all.
file_apply() {
  parents_trusted "$path" || return 1
  [ "$observed" != other ] || {
    echo "$path is neither a file nor absent"
    return 1
  }
  [ -d "${path%/*}/" ] || made_again "$path" || return 1
  if is_prepared; then
    put_synced "$gw_new" "$path"
  else
    gw_refused=1
    place_new "$path" file_build || return "$gw_refused"
  fi
}

file_build() { file_make && file_validate; }

# Nobody else reads it before it has its owner and mode, and no link that somebody puts there is followed.
file_make() { # makes $gw_new
  file_mask
  umask "${gw_mask:-077}"
  set -C
  data >"$gw_new"
  gw_code=$?
  set +C
  umask 022
  [ "$gw_code" -eq 0 ] && file_own && { [ -n "$gw_mask" ] || chmod "$mode" "$gw_new"; }
}

# Sets gw_mask where it gives the mode without a process: of root's files in the transaction's folder.
file_mask() {
  gw_mask=''
  case $gw_masks:$owner:$group:$gw_new in
    "yes:root:root:$gw_transaction/"*) ;;
    *) return 0 ;;
  esac
  # A default access control list can do to other modes what it does not do to this one.
  [ "$mode" != 0644 ] || gw_mask=022
}

file_own() { # what root made is root's, unless its folder hands its group on
  [ "$owner:$group" = root:root ] && [ ! -g "${gw_new%/*}/" ] || chown -h "$owner:$group" "$gw_new"
}

file_validate() {
  [ -n "$validate" ] || return 0
  case $gw_new in
    ./*) set -- "$PWD/${gw_new#./}" ;;
    *) set -- "$gw_new" ;;
  esac
  limit sh -c -- "$validate" validate "$1" || {
    gw_refused=$?
    return "$gw_refused"
  }
}

file_capture() {
  parents_trusted "$path" || return 1
  if [ -d "$path" ] && [ ! -L "$path" ]; then
    # In the way of a file: apply refuses, and nothing is to be put back.
    true >"$capture/directory"
  elif [ -e "$path" ] || [ -L "$path" ]; then
    cp -a "$path" "$capture/old"
  else
    made_note "$path"
  fi
}

file_has_content() { :; }

file_restore() {
  parents_trusted "$path" || return 1
  [ ! -e "$capture/directory" ] || return 0
  place_sweep "$path"
  if [ -e "$capture/old" ] || [ -L "$capture/old" ]; then
    file_stayed || { made_again "$path" && copy_in_place "$capture/old" "$path"; }
  else
    place_clear "$path" || return 1
    made_tidy "$path"
  fi
}

# A device, a socket or a pipe in the way of a file was never replaced, and a copy of a socket leads to nobody.
file_stayed() {
  [ ! -L "$capture/old" ] && [ ! -f "$capture/old" ] &&
    [ -e "$path" ] && [ ! -L "$path" ] && [ ! -f "$path" ] && [ ! -d "$path" ]
}
