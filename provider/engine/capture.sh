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

save_definition() { definition_text >"$1"; } # FILE

# The current item as the variables that its functions need.
definition_text() {
  for gw_variable in gw_kind gw_key gw_hash gw_desired gw_endangers gw_variables time_limit $gw_variables; do
    eval "quoted \"\$$gw_variable\""
    printf '%s=%s\n' "$gw_variable" "$gw_quoted" || return 1
  done
}

# Saves the current item's present state as FOLDER of the baselines, of the transaction's items or of what is kept. It
# lies in the transaction until it is sealed.
gw_unsealed='' gw_unordered=''
capture_to() { # FOLDER
  capture_room "$1" && capture_fill "$1"
}

# Makes an empty folder in the transaction for each FOLDER.
capture_room() { # FOLDER…
  for gw_word; do
    capture_at "$gw_word"
    [ ! -e "$capture" ] || rm -rf "$capture"
    set -- "$@" "$capture"
    shift
  done
  umask 077
  mkdir -p "$@"
  gw_code=$?
  umask 022
  return "$gw_code"
}

capture_at() { # FOLDER: sets $capture to where it lies until it is sealed
  capture=${1%/*}
  capture=$gw_transaction/unsealed/${capture##*/}/${1##*/}
}

capture_fill() { # FOLDER with room
  capture_at "$1"
  gw_unsealed=$gw_unsealed$1$gw_newline
  save_definition "$capture/item" && "${gw_kind}_capture"
}

# Gives captures their names, and those before a change their place in the order. A power cut must find neither half a
# capture under its name nor a change without its capture: so the bytes are synced before the names, and the names
# before any change.
captures_seal() {
  sync -f "$gw_transaction" || return 1
  [ -n "$gw_unsealed" ] || return 0
  for gw_word in "$gw_root/baseline" "$gw_root/kept" "$gw_transaction/items"; do
    set -- "$gw_transaction/unsealed/${gw_word##*/}"/*
    [ -e "$1" ] || continue
    # A stream side by side may have captured the same baseline: the first one counts.
    { [ -d "$gw_word" ] || mkdir -p "$gw_word"; } && { mv -t "$gw_word" "$@" || :; }
  done
  captures_named || return 1
  printf %s "$gw_unordered" >>"$gw_transaction/order" && rm -rf "$gw_transaction/unsealed" && sync -f "$gw_transaction" || return 1
  gw_order=$gw_order$gw_unordered gw_unsealed='' gw_unordered=''
}

captures_named() {
  gw_ifs=$IFS
  IFS=$gw_newline
  for gw_word in $gw_unsealed; do
    [ -e "$gw_word/item" ] || {
      IFS=$gw_ifs
      echo "$gw_word could not be made"
      return 1
    }
  done
  IFS=$gw_ifs
}

use_capture() { # FOLDER
  [ -f "$1/item" ] || return 1
  gw_index='' restart_on='' reload_on='' request_on=''
  capture=$1
  # shellcheck disable=SC1091
  . "$1/item"
}
