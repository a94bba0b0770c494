# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# A baseline keeps the definition by which it is restored: how an item is given back is what the program said last. A new
# definition waits in the transaction, and takes its place only when the operation is committed.

definitions_note() {
  [ -f "$gw_transaction/claim.before" ] || return 0
  definitions_claimed
  [ -n "$gw_redefined" ] || return 0
  # One look for all of them: mostly none has changed.
  true >"$gw_run/definitions" || return 1
  set --
  for gw_i in $gw_redefined; do
    use_item "$gw_i"
    set -- "$@" "$gw_root/baseline/$gw_hash/item"
    definition_text >>"$gw_run/definitions" || return 1
  done
  ! cat -- "$@" | cmp -s - "$gw_run/definitions" || return 0
  for gw_i in $gw_redefined; do definition_note "$gw_i" || return 1; done
}

# Sets gw_redefined to the items of this program that were claimed before, and whose baselines are there.
definitions_claimed() {
  gw_redefined=''
  while IFS=$gw_tab read -r gw_word gw_a _; do
    [ "$gw_word" = item ] || continue
    eval "gw_i=\${gw_index_of_$gw_a-}"
    [ -z "$gw_i" ] || [ ! -e "$gw_root/baseline/$gw_a/item" ] || gw_redefined="$gw_redefined $gw_i"
  done <"$gw_transaction/claim.before"
}

definition_note() { # INDEX
  use_item "$1"
  ! definition_text | cmp -s - "$gw_root/baseline/$gw_hash/item" || return 0
  [ -d "$gw_transaction/definitions" ] || mkdir "$gw_transaction/definitions" || return 1
  save_definition "$gw_transaction/definitions/$gw_hash"
}

# After the mark of the commit, and as often as an interruption asks for it.
definitions_take() {
  for gw_definition in "$gw_transaction"/definitions/*; do
    [ -e "$gw_definition" ] || continue
    gw_word=$gw_root/baseline/${gw_definition##*/}
    [ ! -d "$gw_word" ] || mv -fT "$gw_definition" "$gw_word/item" || return 1
  done
}
