# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# directory: path mode owner group

directory_observe() {
  if [ -L "$path" ]; then
    observed=symlink
  elif [ -d "$path" ]; then
    directory_line "$(stat -c '%a %U:%G' "$path")"
  elif [ -e "$path" ]; then
    observed=other
  else
    observed=absent
  fi
}

directory_line() { # "MODE OWNER:GROUP": sets $observed
  gw_mode=${1%% *}
  while [ ${#gw_mode} -lt 4 ]; do gw_mode=0$gw_mode; done
  observed="directory mode=$gw_mode owner=${1#* }"
}

# One process for all directories: stat prints one line for each argument, in order.
directory_observe_many() {
  gw_many=$*
  gw_regular=''
  set --
  for gw_i in $gw_many; do
    use_item "$gw_i"
    if [ ! -L "$path" ] && [ -d "$path" ]; then
      set -- "$@" "$path"
      gw_regular="$gw_regular $gw_i"
    else
      directory_observe
      remember "$gw_i" "$observed"
    fi
  done
  [ $# -gt 0 ] || return 0
  # Where one answer is missing, the lines do not fit: then each directory is observed by itself.
  stat -c '%a %U:%G' "$@" >"$gw_run/stat" || return 0
  exec 5<"$gw_run/stat"
  for gw_i in $gw_regular; do
    read -r gw_stat <&5
    directory_line "$gw_stat"
    remember "$gw_i" "$observed"
  done
  exec 5<&-
}

directory_apply() {
  parents_trusted "$path" || return 1
  case $observed in
    symlink | other)
      echo "$path is there and is no directory ($observed)"
      return 1
      ;;
    absent) directory_make || return 1 ;;
  esac
  in_folder "$path/." directory_own "$owner:$group" "$mode"
}

directory_make() { made_again "$path" && in_folder "$path" mkdir -m 0700 "./${path##*/}"; }

# The folder that this runs in. Five digits: with four, chmod would leave set-id bits that it has or inherited.
directory_own() { # OWNER:GROUP MODE
  gw_looked=$gw_newline
  chown "$1" . && chmod "0$2" .
}

directory_capture() {
  parents_trusted "$path" || return 1
  if [ -d "$path" ] && [ ! -L "$path" ]; then
    stat -c '%a %u:%g' "$path" >"$capture/was"
  elif [ ! -e "$path" ] && [ ! -L "$path" ]; then
    true >"$capture/absent"
    made_note "$path"
  fi
}

directory_restore() {
  parents_trusted "$path" || return 1
  if [ -f "$capture/was" ]; then
    directory_attributes
  elif [ -f "$capture/absent" ]; then
    # What lies in it may be another program's, which then takes it away.
    [ ! -d "$path" ] || rmdir "$path" 2>/dev/null || made_mark "$path"
    made_tidy "$path"
  fi
}

# Named at the end: a folder above it may have been moved aside since, and is named with everything in it.
directory_after_restore() {
  [ ! -f "$capture/absent" ] || [ ! -d "$path" ] || report kept "$path $gw_key"
}

directory_attributes() { # as captured; a directory that is gone comes back empty
  read -r gw_mode gw_ids <"$capture/was"
  [ ! -L "$path" ] || {
    echo "$path is a symbolic link now"
    return 1
  }
  [ -d "$path" ] || directory_make || return 1
  in_folder "$path/." directory_own "$gw_ids" "$gw_mode"
}
