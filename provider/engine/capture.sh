# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Captures: a folder per item that can be put back without the program that made it.

quoted() { # TEXT: sets gw_quoted to it as one shell word
  gw_rest=$1 gw_quoted=''
  while :; do
    case $gw_rest in
      *\'*)
        gw_quoted="$gw_quoted${gw_rest%%\'*}'\\''"
        gw_rest=${gw_rest#*\'}
        ;;
      *) break ;;
    esac
  done
  gw_quoted="'$gw_quoted$gw_rest'"
}

save_definition() { # FILE
  for gw_variable in gw_kind gw_key gw_hash gw_desired gw_endangers gw_variables time_limit $gw_variables; do
    eval "quoted \"\$$gw_variable\""
    printf '%s=%s\n' "$gw_variable" "$gw_quoted"
  done >"$1"
}

# Saves the current item's present state as folder $1; a half-made capture never has that name.
capture_to() {
  # Its own name: a stream side by side may capture the same baseline, and the first one counts.
  gw_partial=$1.partial-$gw_owner
  [ ! -e "$gw_partial" ] || rm -rf "$gw_partial"
  umask 077
  mkdir -p "$gw_partial" || return 1
  umask 022
  capture=$gw_partial
  save_definition "$capture/item" && "${gw_kind}_capture" || return 1
  case $1 in
    "$gw_root/baseline/"*) ;;
    *) [ ! -e "$1" ] || rm -rf "$1" ;;
  esac
  mv -T "$gw_partial" "$1" 2>/dev/null && return
  rm -rf "$gw_partial"
  [ -e "$1/item" ]
}

use_capture() { # FOLDER
  gw_index='' restart_on='' reload_on='' request_on=''
  capture=$1
  # shellcheck disable=SC1091
  . "$1/item"
}

# One program at a time for one owner. The lock ends with the process.
lock_owner() {
  mkdir -p "$gw_locks"
  exec 7>"$gw_locks/owner-$gw_owner"
  flock 7
}

# The registry's own lock, held for moments only.
lock_registry() {
  mkdir -p "$gw_locks"
  exec 8>"$gw_locks/registry"
  flock 8
}

unlock_registry() { exec 8>&-; }
