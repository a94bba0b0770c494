# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Takes an operation back, and keeps what could not be put back.

# Puts back everything that the transaction changed, but for what another stream wants just so.
# Needs nothing but the transaction's folder.
transaction_restore() {
  gw_places=$gw_newline
  # Half put back, it must not be confirmed any more. A disk that is too full for the mark is no reason to stay as it is.
  transaction_decide restoring || :
  # What an item printed may have filled the memory that the run works in.
  true >"$gw_run/log"
  restore_order || {
    echo "what is to be put back could not be listed in $gw_run" | report_text unrestored
    return 1
  }
  gw_unrestored=''
  while read -r gw_folder; do
    use_capture "$gw_folder" || {
      printf '%s: the capture is gone' "$gw_folder" | report_text unrestored
      gw_unrestored=yes
      printf '%s\n' "$gw_folder" >>"$gw_run/unrestored"
      continue
    }
    place_note
    if ! "${gw_kind}_restore" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&-; then
      printf '%s: %s' "$gw_key" "$(tail -c 3000 "$gw_run/log")" | report_text unrestored
      gw_unrestored=yes
      printf '%s\n' "$gw_folder" >>"$gw_run/unrestored"
    fi
  done <"$gw_run/order"
  gw_pass_after "$gw_run/order"
  [ -z "$gw_unrestored" ] || return 1
  places_sync
  transaction_restored >"$gw_run/log" 2>&1 || {
    report_text unrestored <"$gw_run/log"
    return 1
  }
}

# The folders to put back, last one first: half a list would leave the rest as it is, and forget it.
restore_order() {
  true >"$gw_run/unrestored" && other_claims && tac "$gw_transaction/order" >"$gw_run/order.all" && true >"$gw_run/order" || return 1
  while read -r gw_folder; do
    wanted_elsewhere "${gw_folder##*/}" || printf '%s\n' "$gw_folder" >>"$gw_run/order" || return 1
  done <"$gw_run/order.all"
}

# Another claim holds the item with the very value that this operation brought about.
wanted_elsewhere() { # HASH
  gw_line=$(grep "^item$gw_tab$1$gw_tab" "$gw_transaction/claim.after") || return 1
  gw_line=${gw_line#"item$gw_tab$1$gw_tab"}
  grep -q "^item$gw_tab$1$gw_tab${gw_line%%"$gw_tab"*}$gw_tab" "$gw_run/others"
}

# A second pass over restored items, in the order in which they were once applied.
gw_pass_after() { # FILE of folders, last one first
  tac "$1" >"$gw_run/after"
  while read -r gw_folder; do
    use_capture "$gw_folder"
    ! command -v "${gw_kind}_after_restore" >/dev/null || "${gw_kind}_after_restore" >>"$gw_run/log" 2>&1 </dev/null 7>&- 8>&-
  done <"$gw_run/after"
}

transaction_restored() { transaction_decide restored && transaction_forget; }

# The end of a restore, which an interruption may cut short and the next program finish.
transaction_forget() {
  lock_registry
  other_claims || return 1
  while read -r gw_a; do
    is_needed "$gw_a" || rm -rf "$gw_root/baseline/$gw_a"
  done <"$gw_transaction/baselines"
  if [ -f "$gw_transaction/claim.before" ]; then
    # A full disk has room for another name of the same file, which an interruption may have left in its place.
    # shellcheck disable=SC3013 # dash and POSIX.1-2024 know it
    [ "$gw_transaction/claim.before" -ef "$gw_root/claims/$gw_owner" ] || {
      ln -f "$gw_transaction/claim.before" "$gw_transaction/claim" &&
        put_in_place "$gw_transaction/claim" "$gw_root/claims/$gw_owner"
    } || return 1
  else
    rm -f "$gw_root/claims/$gw_owner"
  fi
  unlock_registry
  transaction_end
}

# What could not be put back a second time must not keep the machine from its desired state for ever: its pre-image
# is kept aside, its baseline stays too, and the operation goes on from what is there.
transaction_give_up() {
  [ -s "$gw_run/unrestored" ] || return 1
  while read -r gw_folder; do
    case $gw_folder in
      "$gw_root/baseline/"*)
        keep_copy "$gw_folder" || return 1
        grep -vx "${gw_folder##*/}" "$gw_transaction/baselines" >"$gw_run/baselines"
        cp "$gw_run/baselines" "$gw_transaction/baselines.new" &&
          mv -f "$gw_transaction/baselines.new" "$gw_transaction/baselines" || return 1
        ;;
      *) keep_aside "$gw_folder" || return 1 ;;
    esac
  done <"$gw_run/unrestored"
  places_sync
  transaction_restored
}

keep_aside() { # CAPTURE
  [ -e "$1/item" ] || return 0
  keep_name "$1" && mv -T "$1" "$gw_kept" && report kept "$gw_kept $gw_key"
}

# The same for one that stays: should its item be given up one day, nobody restores it any more.
keep_copy() { # CAPTURE
  [ -e "$1/item" ] || return 0
  keep_name "$1" && { cp -al "$1" "$gw_kept" || cp -a "$1" "$gw_kept"; } && report kept "$gw_kept $gw_key"
}

keep_name() { # CAPTURE: sets gw_kept to a name that nothing has
  use_capture "$1"
  gw_kept=$gw_root/kept/$(date -u +%Y%m%dT%H%M%SZ)-${1##*/}
  while [ -e "$gw_kept" ]; do gw_kept=$gw_kept+; done
  mkdir -p "$gw_root/kept"
}

# True while another claim, or what another open transaction may go back to, rests on the baseline of an item.
is_needed() { # HASH
  grep -q "^item$gw_tab$1$gw_tab" "$gw_run/others" && return
  for gw_open in "$gw_root"/transactions/*/claim.before; do
    [ "$gw_open" = "$gw_transaction/claim.before" ] || ! grep -qs "^item$gw_tab$1$gw_tab" "$gw_open" || return 0
  done
  return 1
}
