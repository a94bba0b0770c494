# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# The transaction: what this operation changed, and how it was before.

# Nothing of it counts before all of it is on the disk.
transaction_begin() {
  gw_transaction=$gw_root/transactions/$gw_owner
  gw_new=$gw_transaction.new
  gw_order=$gw_newline gw_places=$gw_newline
  rm -rf "$gw_transaction" "$gw_new" "$gw_transaction.ended"
  umask 077
  mkdir -p "$gw_new/items"
  gw_code=$?
  umask 022
  [ "$gw_code" -eq 0 ] || return 1
  true >"$gw_new/order" && true >"$gw_new/baselines" && true >"$gw_new/released" || return 1
  if [ -f "$gw_root/claims/$gw_owner" ]; then
    cp "$gw_root/claims/$gw_owner" "$gw_new/claim.before" || return 1
  fi
  # By its id it is known whether it stays; it is random, for one that was taken back may be tried again.
  gw_id=none
  [ -z "$gw_items" ] || read -r gw_id </proc/sys/kernel/random/uuid
  { claim_text && printf 'operation\t%s\n' "$gw_id"; } >"$gw_new/claim.after" && cp "$gw_new/claim.after" "$gw_new/claim" && sync -f "$gw_new" || return 1
  # From here on a stream side by side sees what is claimed, and what is not any more.
  mv -T "$gw_new" "$gw_transaction" && mv -fT "$gw_transaction/claim" "$gw_root/claims/$gw_owner"
}

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

# True when the current item's kind is one of KINDS.
is_of() { # KINDS
  case " $1 " in
    *" $gw_kind "*) ;;
    *) return 1 ;;
  esac
}

is_independent() { is_of "$gw_kinds_independent"; }

# An item that is already as desired still needs a baseline when it is claimed for the first time.
capture_baseline() {
  [ ! -e "$gw_root/baseline/$gw_hash/item" ] || return 0
  printf '%s\n' "$gw_hash" >>"$gw_transaction/baselines" && capture_to "$gw_root/baseline/$gw_hash"
}

# Items that were applied and are yet to be proven; those that were observed since the last change.
gw_unproven='' gw_looked_at=''
apply_all() {
  for gw_i in $gw_items; do
    use_item "$gw_i"
    is_of "$gw_kinds_together" || prove || return 1
    not_cancelled "$gw_key" || return 1
    look_again
    if [ "$observed" = "$gw_desired" ] && ! triggered "$restart_on" && ! triggered "$reload_on"; then
      captured capture_baseline || return 1
      continue
    fi
    apply_item || return 1
  done
  prove || return 1
  [ -z "$gw_unsealed" ] || recorded captures_seal || return 1
  [ -z "$gw_changed" ] || places_sync
}

# Sets $observed: what was observed before a change may be stale. Items beside each other whose kinds are proven
# together are looked at together.
look_again() {
  eval "observed=\$gw_observed_$gw_index"
  [ -n "$gw_dirty" ] || return 0
  is_of "$gw_kinds_together" || {
    observe
    return 0
  }
  case "$gw_looked_at " in *" $gw_index "*) return 0 ;; esac
  gw_leader=$gw_index gw_looked_at=''
  for gw_member in $gw_items; do
    [ "$gw_member" -ge "$gw_leader" ] || continue
    use_item "$gw_member"
    is_of "$gw_kinds_together" || break
    gw_looked_at="$gw_looked_at $gw_member"
  done
  # shellcheck disable=SC2086 # numbers
  observe_these $gw_looked_at
  use_item "$gw_leader"
  eval "observed=\$gw_observed_$gw_leader"
}

# Captures the current item, and tells the provider what kept it from that.
captured() { # COMMAND
  "$@" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&- && return
  unwritten_why
  report_text failed "$gw_index" capture <"$gw_run/log"
  return 1
}

apply_item() {
  gw_before=$observed
  eval "gw_capture=\${gw_capture_of_$gw_index-}"
  [ -n "$gw_capture" ] || captured capture_ahead || return 1
  eval "gw_capture=\$gw_capture_of_$gw_index"
  observed=$gw_before
  [ -z "$gw_endangers" ] || recorded deadman_arm || return 1
  if [ -n "$gw_ticket" ]; then
    TICKET=$gw_run/ticket
    export TICKET
    (umask 077 && "ticket_$gw_ticket" >"$TICKET")
  fi
  place_note
  "${gw_kind}_apply" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&-
  gw_status=$?
  [ -z "$gw_ticket" ] || rm -f "$gw_run/ticket"
  [ -z "$gw_rebooting" ] || return 1
  if [ "$gw_status" -eq 124 ] || [ "$gw_status" -eq 137 ]; then
    prove && report_text failed "$gw_index" timeout <"$gw_run/log"
    return 1
  fi
  eval "gw_before_$gw_index=\$gw_before"
  if ! is_of "$gw_kinds_together"; then
    observe
    prove_item "$gw_status"
    return
  fi
  gw_unproven="$gw_unproven $gw_index"
  # What it said is evidence only as long as no other item says something.
  [ "$gw_status" -eq 0 ] && [ ! -s "$gw_run/log" ] || prove "$gw_status"
}

# Observes what was applied since the last time, and reports it.
prove() { # [EXIT of the current item's apply]
  [ -n "$gw_unproven" ] || return 0
  gw_leader=$gw_index
  # shellcheck disable=SC2086 # numbers
  observe_these $gw_unproven
  for gw_member in $gw_unproven; do
    use_item "$gw_member"
    eval "observed=\$gw_observed_$gw_member"
    if [ "$gw_member" -eq "$gw_leader" ]; then prove_item "${1-0}"; else prove_item 0; fi || return 1
  done
  gw_unproven='' gw_looked_at=''
  use_item "$gw_leader"
}

# Reports what the current item is after its apply: $observed.
prove_item() { # EXIT of its apply
  if [ "$1" -ne 0 ] || [ "$observed" != "$gw_desired" ]; then
    {
      tail -c 3000 "$gw_run/log"
      printf '\nexit %s' "$1"
    } | report_text failed "$gw_index" apply
    report differs "$gw_index" "$observed"
    return 1
  fi
  gw_changed=$gw_changed$gw_newline$gw_key
  gw_dirty=yes
  eval "report changed \"\$gw_index\" \"\$gw_before_$gw_index\""
}

# Gives back what this program no longer claims. Comes before anything is applied: what stays sees what went.
release_all() {
  gw_changed='' gw_dirty='' gw_releasing=''
  # Who claimed an item before this transaction began keeps it; who wants it from here on waits until it is ended.
  recorded others_now || return 1
  released >"$gw_run/released"
  while IFS=$gw_tab read -r gw_a gw_b gw_c; do
    release_begin "$gw_a" "$gw_b" "$gw_c" || return 1
  done <"$gw_run/released"
  release_captured && gw_pass_after "$gw_transaction/released"
}

# As with what is applied, one seal serves independent items beside each other.
release_begin() { # HASH KEY LAST-DESIRED
  if grep -q "^item$gw_tab$1$gw_tab" "$gw_run/others"; then
    report released "shared $2"
    return 0
  fi
  use_capture "$gw_root/baseline/$1" || return 0
  if is_independent; then
    release_capture "$@"
  else
    release_captured && release_capture "$@" && release_captured
  fi
}

release_capture() { # HASH KEY LAST-DESIRED
  use_capture "$gw_root/baseline/$1"
  observe
  # Content that somebody else changed since; other kinds have none that could be lost.
  if [ "$observed" != "$3" ] && [ "$observed" != absent ] && command -v "${gw_kind}_has_content" >/dev/null; then
    gw_kept=$gw_root/kept/$(date -u +%Y%m%dT%H%M%SZ)-$1
    giving_back capture_to "$gw_kept" || return 1
    report kept "$gw_kept $2"
  fi
  gw_capture=$gw_transaction/items/$1
  giving_back capture_to "$gw_capture" || return 1
  gw_unordered=$gw_unordered$gw_capture$gw_newline
  gw_releasing="$gw_releasing $1"
}

# Takes a step of giving the current item back, and tells the provider what kept it from that.
giving_back() { # COMMAND…
  "$@" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&- && return
  unwritten_why
  printf '%s: %s' "$gw_key" "$(tail -c 3000 "$gw_run/log")" | report_text failed - restore
  return 1
}

# Restores what was captured to be released.
release_captured() {
  [ -n "$gw_releasing" ] || return 0
  recorded captures_seal || return 1
  for gw_released in $gw_releasing; do
    release_item "$gw_root/baseline/$gw_released" || return 1
  done
  gw_releasing=''
}

release_item() { # BASELINE
  use_capture "$1"
  [ -z "$gw_endangers" ] || recorded deadman_arm || return 1
  place_note
  giving_back "${gw_kind}_restore" || return 1
  printf '%s\n' "$1" >>"$gw_transaction/released" || return 1
  gw_changed=$gw_changed$gw_newline$gw_key
  gw_dirty=yes
  report released "restored $gw_key"
}

# A baseline keeps the definition by which it is restored: a changed one takes its place.
definitions_refresh() {
  [ -f "$gw_transaction/claim.before" ] || return 0
  gw_redefined=''
  while IFS=$gw_tab read -r gw_word gw_a gw_b _; do
    [ "$gw_word" = item ] || continue
    eval "gw_i=\${gw_index_of_$gw_a-}"
    [ -n "$gw_i" ] && [ -e "$gw_root/baseline/$gw_a/item" ] || continue
    eval "gw_mine=\$gw_digest_$gw_i"
    [ "$gw_b" != "$gw_mine" ] || continue
    use_item "$gw_i"
    save_definition "$gw_root/baseline/$gw_a/item.new" || return 1
    gw_redefined="$gw_redefined $gw_a"
  done <"$gw_transaction/claim.before"
  [ -z "$gw_redefined" ] || sync -f "$gw_root" || return 1
  for gw_a in $gw_redefined; do
    mv -fT "$gw_root/baseline/$gw_a/item.new" "$gw_root/baseline/$gw_a/item" || return 1
  done
}

# A second pass over restored items, in the order in which they were once applied.
gw_pass_after() { # FILE of folders, last one first
  tac "$1" >"$gw_run/after"
  while read -r gw_folder; do
    use_capture "$gw_folder"
    ! command -v "${gw_kind}_after_restore" >/dev/null || "${gw_kind}_after_restore" >>"$gw_run/log" 2>&1 </dev/null 7>&- 8>&-
  done <"$gw_run/after"
}

# Puts back everything that the transaction changed, but for what another stream wants just so.
# Needs nothing but the transaction's folder.
transaction_restore() {
  gw_places=$gw_newline
  # From the mark on, what it claimed anew counts for nobody, and who wants it waits. Half put back, it must not be confirmed
  # any more. A disk that is too full for the mark is no reason to stay as it is.
  lock_registry
  transaction_decide restoring || :
  # What an item printed may have filled the memory that the run works in.
  true >"$gw_run/log"
  restore_order || {
    echo "what is to be put back could not be listed in $gw_run" | report_text unrestored
    return 1
  }
  unlock_registry
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
  true >"$gw_run/unrestored" && other_claims && orphans_follow && tac "$gw_transaction/order" >"$gw_run/order.all" && true >"$gw_run/order" || return 1
  while read -r gw_folder; do
    wanted_elsewhere "${gw_folder##*/}" || printf '%s\n' "$gw_folder" >>"$gw_run/order" || return 1
  done <"$gw_run/order.all"
}

# Items that this claim was the last one to want, though another operation, taken back since, brought them about: it left
# them as this one wanted them.
orphans_follow() {
  [ -f "$gw_transaction/claim.before" ] && gw_before=$gw_transaction/claim.before || gw_before=/dev/null
  while IFS=$gw_tab read -r gw_word gw_a _; do
    [ "$gw_word" = item ] && [ -e "$gw_root/baseline/$gw_a/item" ] || continue
    ! grep -qsx "$gw_a" "$gw_transaction/baselines" && ! grep -qs "^item$gw_tab$gw_a$gw_tab" "$gw_before" "$gw_run/others" || continue
    printf '%s\n' "$gw_a" >>"$gw_transaction/baselines" && printf '%s\n' "$gw_root/baseline/$gw_a" >>"$gw_transaction/order" || return 1
  done <"$gw_transaction/claim.after"
}

transaction_restored() { transaction_decide restored && transaction_forget; }

# Another claim holds the item with the very value that this operation brought about.
wanted_elsewhere() { # HASH
  gw_line=$(grep "^item$gw_tab$1$gw_tab" "$gw_transaction/claim.after") || return 1
  gw_line=${gw_line#"item$gw_tab$1$gw_tab"}
  grep -q "^item$gw_tab$1$gw_tab${gw_line%%"$gw_tab"*}$gw_tab" "$gw_run/others"
}

# The end of a restore, which an interruption may cut short and the next program finish.
transaction_forget() {
  lock_registry
  other_claims || return 1
  while read -r gw_a; do
    grep -q "^item$gw_tab$gw_a$gw_tab" "$gw_run/others" || rm -rf "$gw_root/baseline/$gw_a"
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

# From the mark on, an interruption is finished, not put back. What it decides about is on the disk before it, and it
# is on the disk before anything follows from it, be it on another file system.
transaction_decide() { # committed | restoring | restored
  true >"$gw_transaction/$1" && sync -f "$gw_transaction"
}

transaction_is_decided() {
  [ -e "$gw_transaction/committed" ] || [ -e "$gw_transaction/restoring" ] || [ -e "$gw_transaction/restored" ]
}

transaction_commit() {
  transaction_decide committed || return 1
  while read -r gw_folder; do
    rm -rf "$gw_folder"
  done <"$gw_transaction/released"
  if [ -f "$gw_transaction/purge" ]; then
    while IFS= read -r gw_folder; do
      rm -rf --one-file-system "$gw_folder"
    done <"$gw_transaction/purge"
  fi
  grep -q '^item' "$gw_transaction/claim.after" || rm -f "$gw_root/claims/$gw_owner"
  transaction_end
}

# The timer goes first: it runs a program of the transaction's folder. That folder goes at once: half of it, without its
# mark, would be taken for what is to be put back.
transaction_end() {
  deadman_disarm
  rm -rf "$gw_transaction.ended"
  mv -T "$gw_transaction" "$gw_transaction.ended" && rm -rf "$gw_transaction.ended"
}

# What an interruption left is put back; what was decided before it is finished.
transaction_resume() {
  if [ -e "$gw_transaction/committed" ]; then
    transaction_commit
  elif [ -e "$gw_transaction/restored" ]; then
    transaction_forget
  else
    transaction_restore
  fi
}

# A transaction that an interruption left behind is put back before anything else.
transaction_settle() {
  gw_transaction=$gw_root/transactions/$gw_owner
  [ -d "$gw_transaction" ] || return 0
  if [ ! -f "$gw_transaction/claim.after" ]; then
    rm -rf "$gw_transaction"
    return 0
  fi
  [ -e "$gw_transaction/committed" ] || report settled "$gw_owner"
  transaction_resume || transaction_give_up || {
    refuse GW302 "what an earlier operation left could not be put back"
    report unrestored_transaction "$gw_transaction"
    return 1
  }
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
  keep_name "$1" && rm -rf "$gw_kept" && { cp -al "$1" "$gw_kept" || cp -a "$1" "$gw_kept"; } && report kept "$gw_kept $gw_key"
}

keep_name() { # CAPTURE: sets gw_kept
  use_capture "$1"
  gw_kept=$gw_root/kept/$(date -u +%Y%m%dT%H%M%SZ)-${1##*/}
  mkdir -p "$gw_root/kept"
}
