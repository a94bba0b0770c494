# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# stateDirectory: path mode owner group; a directory whose content is never deleted

stateDirectory_observe() { directory_observe; }
stateDirectory_apply() { directory_apply; }

# What is there before the first change of a run is what counts as "before": a package that an earlier
# item installs may make the directory, and would delete it with its data when it is purged.
stateDirectory_observe_many() {
  directory_observe_many "$@"
  for gw_i in "$@"; do
    eval "gw_state_first_$gw_i=\$gw_observed_$gw_i"
  done
}

stateDirectory_capture() {
  parents_trusted "$path" || return 1
  eval "gw_first=\${gw_state_first_$gw_index-}"
  if [ "$gw_first" = absent ]; then
    true >"$capture/absent"
    made_note "$path"
  else
    directory_capture
  fi
}

stateDirectory_restore() {
  parents_trusted "$path" || return 1
  if [ -f "$capture/was" ]; then
    stateDirectory_bring_back && directory_attributes
  elif [ -f "$capture/absent" ]; then
    [ ! -d "$path" ] || rmdir "$path" 2>/dev/null || stateDirectory_set_aside || return 1
    made_tidy "$path"
  fi
}

# A rename keeps the data as it is; on another file system it stays there, beside its old place.
stateDirectory_set_aside() {
  gw_name=${path##*/}
  [ ${#gw_name} -le 100 ] || gw_name=data
  # The hash of the item: nobody else looks for the same free name.
  gw_name=$(date -u +%Y%m%dT%H%M%SZ)-$gw_hash-$gw_name
  mkdir -p "$gw_root/kept" || return 1
  gw_devices=$(stat -c %d "${path%/*}/" "$gw_root/kept" | sort -u)
  case $gw_devices in
    *"$gw_newline"*) gw_place=${path%/*}/.groundwork-kept-$gw_name ;;
    *) gw_place=$gw_root/kept/$gw_name ;;
  esac
  gw_namesake=''
  while [ -e "$gw_place$gw_namesake" ]; do gw_namesake=$((${gw_namesake:-0} - 1)); done
  gw_place=$gw_place$gw_namesake
  # Written first, to the disk: an interruption after the rename must find the place again.
  [ ! -d "$gw_transaction" ] ||
    { printf '%s\t%s\n' "$gw_place" "$path" >>"$gw_transaction/aside-$gw_hash" && sync "$gw_transaction/aside-$gw_hash"; } ||
    return 1
  if in_folder "$path" mv -T "./${path##*/}" "$gw_place"; then
    if [ -n "$gw_purge" ]; then
      # Not before the operation has held: a failed one brings the data back.
      printf '%s\n' "$gw_place" >>"$gw_transaction/purge"
    else
      report kept "$gw_place $gw_key"
    fi
  elif limit mountpoint -q "$path"; then
    report kept "$path $gw_key"
  else
    return 1
  fi
}

# The operation that set it aside failed: the data goes back to its place.
stateDirectory_bring_back() {
  [ -f "$gw_transaction/aside-$gw_hash" ] || return 0
  gw_item_path=$path gw_lost=''
  # The last one first: it may have lain in one that went before it.
  tac "$gw_transaction/aside-$gw_hash" >"$gw_run/aside" || return 1
  while IFS=$gw_tab read -r gw_place path; do
    # An operation of an earlier version noted the place alone.
    path=${path:-$gw_item_path}
    [ ! -d "$gw_place" ] || stateDirectory_back_from || gw_lost=yes
  done <"$gw_run/aside"
  path=$gw_item_path
  [ -z "$gw_lost" ]
}

stateDirectory_back_from() { # $gw_place to $path
  # A service that still ran may have made it anew.
  [ ! -d "$path" ] || rmdir "$path" || {
    echo "what was in $path lies in $gw_place: something new is in its place"
    return 1
  }
  made_again "$path" && in_folder "$path" mv -T "$gw_place" "./${path##*/}"
}
