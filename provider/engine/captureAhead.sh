# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# What is captured before a change: the pre-image of this operation, and the baseline of an item that nobody claimed before.

# Sets gw_capture to the folder that keeps the current item's state, once it is sealed: the baseline (first claim) or the
# pre-image.
capture_choose() {
  for gw_capture in "$gw_root/baseline/$gw_hash" "$gw_transaction/items/$gw_hash"; do
    ! is_captured || return 0
  done
  [ -e "$gw_root/baseline/$gw_hash/item" ] || gw_capture=$gw_root/baseline/$gw_hash
}

# The current item is about to change: saves its state in gw_capture, where there is room.
capture_before() {
  case $gw_capture in
    "$gw_root/baseline/"*) printf '%s\n' "$gw_hash" >>"$gw_transaction/baselines" || return 1 ;;
  esac
  capture_fill "$gw_capture" || return 1
  gw_unordered=$gw_unordered$gw_capture$gw_newline
}

capture_one() {
  capture_choose
  is_captured || { capture_room "$gw_capture" && capture_before; }
}

# True when this transaction has the capture already, be it from before a boot: a later one would be of its own doing.
is_captured() {
  [ -n "${gw_order-}" ] || gw_order=$gw_newline$(cat "$gw_transaction/order")$gw_newline
  case $gw_order$gw_unordered in
    *"$gw_newline$gw_capture$gw_newline"*) ;;
    *) return 1 ;;
  esac
}

# Captures the current item, and with it the later ones beside it that are about to change too, as far as their kinds
# are independent, and makes their new files: one seal serves all.
capture_ahead() {
  gw_leader=$gw_index gw_members=''
  set --
  for gw_member in $gw_items; do
    [ "$gw_member" -ge "$gw_leader" ] || continue
    use_item "$gw_member"
    [ "$gw_member" -eq "$gw_leader" ] || is_independent || break
    eval "observed=\$gw_observed_$gw_member"
    [ "$gw_member" -eq "$gw_leader" ] || [ "$observed" != "$gw_desired" ] || continue
    capture_choose
    eval "gw_capture_of_$gw_member=\$gw_capture"
    is_captured || {
      gw_members="$gw_members $gw_member"
      set -- "$@" "$gw_capture"
    }
    is_independent || break
  done
  [ $# -eq 0 ] || capture_room "$@" || return 1
  for gw_member in $gw_members; do
    use_item "$gw_member"
    eval "observed=\$gw_observed_$gw_member gw_capture=\$gw_capture_of_$gw_member"
    capture_before || return 1
    prepare
  done
  use_item "$gw_leader"
  captures_seal
}

# What fails here is tried again, and named, when it is the item's turn.
prepare() {
  ! command -v "${gw_kind}_prepare" >/dev/null || "${gw_kind}_prepare" || rm -rf "$gw_transaction/new-$gw_hash"
}

# An item that is already as desired still needs a baseline when it is claimed for the first time.
capture_baseline() {
  [ ! -e "$gw_root/baseline/$gw_hash/item" ] || return 0
  printf '%s\n' "$gw_hash" >>"$gw_transaction/baselines" && capture_to "$gw_root/baseline/$gw_hash"
}
