# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# The transaction: what this operation changed, and how it was before.

transaction_begin() {
  gw_transaction=$gw_root/transactions/$gw_owner
  rm -rf "$gw_transaction"
  mkdir -p "$gw_transaction/items" || return 1
  chmod 700 "$gw_transaction"
  : >"$gw_transaction/order"
  : >"$gw_transaction/baselines"
  : >"$gw_transaction/released"
  if [ -f "$gw_root/claims/$gw_owner" ]; then
    cp "$gw_root/claims/$gw_owner" "$gw_transaction/claim.before"
  fi
  claim_text >"$gw_transaction/claim.after"
  # From here on a stream side by side sees what is claimed, and what is not any more.
  cp "$gw_transaction/claim.after" "$gw_root/claims/$gw_owner.new"
  mv "$gw_root/claims/$gw_owner.new" "$gw_root/claims/$gw_owner"
  sync -f "$gw_transaction" 2>/dev/null || sync
}

# The current item is about to change: its state goes into the baseline (first claim) or the pre-image.
capture_before() {
  gw_baseline=$gw_root/baseline/$gw_hash
  if [ -e "$gw_baseline/item" ]; then
    gw_capture=$gw_transaction/items/$gw_hash
  else
    gw_capture=$gw_baseline
    printf '%s\n' "$gw_hash" >>"$gw_transaction/baselines"
  fi
  capture_to "$gw_capture" || return 1
  printf '%s\n' "$gw_capture" >>"$gw_transaction/order"
}

# Captures the current item, and with it the later ones beside it that are about to change too, as far as their kinds
# are independent. One sync serves all: a power cut must not find a change on the disk and its
# pre-image not.
capture_ahead() {
  gw_at=$gw_index
  for gw_number in $gw_items; do
    [ "$gw_number" -ge "$gw_at" ] || continue
    use_item "$gw_number"
    [ "$gw_number" -eq "$gw_at" ] || is_independent || break
    eval "observed=\$gw_observed_$gw_number"
    [ "$gw_number" -eq "$gw_at" ] || [ "$observed" != "$gw_desired" ] || continue
    capture_before || return 1
    eval "gw_captured_$gw_number=yes"
    is_independent || break
  done
  use_item "$gw_at"
  sync -f "$gw_transaction"
}

is_independent() {
  case " $gw_kinds_independent " in
    *" $gw_kind "*) ;;
    *) return 1 ;;
  esac
}

# An item that is already as desired still needs a baseline when it is claimed for the first time.
capture_baseline() {
  [ ! -e "$gw_root/baseline/$gw_hash/item" ] || return 0
  printf '%s\n' "$gw_hash" >>"$gw_transaction/baselines"
  capture_to "$gw_root/baseline/$gw_hash"
}

apply_all() {
  for gw_i in $gw_items; do
    use_item "$gw_i"
    if [ -e "$gw_run/cancel" ]; then
      refuse GW310 "cancelled before $gw_key"
      return 1
    fi
    eval "observed=\$gw_observed_$gw_i"
    # What was observed before the first change may be stale.
    [ -z "$gw_dirty" ] || observe
    if [ "$observed" = "$gw_desired" ] && ! triggered "$restart_on" && ! triggered "$reload_on"; then
      capture_baseline || return 1
      continue
    fi
    apply_item || return 1
  done
}

apply_item() {
  gw_before=$observed
  eval "gw_captured=\${gw_captured_$gw_index-}"
  [ -n "$gw_captured" ] || capture_ahead >"$gw_run/log" 2>&1 || {
    report_text failed "$gw_index" capture <"$gw_run/log"
    return 1
  }
  observed=$gw_before
  [ -z "$gw_endangers" ] || deadman_arm || return 1
  if [ -n "$gw_ticket" ]; then
    TICKET=$gw_run/ticket
    export TICKET
    (umask 077 && "ticket_$gw_ticket" >"$TICKET")
  fi
  "${gw_kind}_apply" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&-
  gw_status=$?
  [ -z "$gw_ticket" ] || rm -f "$gw_run/ticket"
  if [ "$gw_status" -eq 124 ] || [ "$gw_status" -eq 137 ]; then
    report_text failed "$gw_index" timeout <"$gw_run/log"
    return 1
  fi
  observe
  if [ "$gw_status" -ne 0 ] || [ "$observed" != "$gw_desired" ]; then
    {
      tail -c 3000 "$gw_run/log"
      printf '\nexit %s; observed: %s' "$gw_status" "$observed"
    } | report_text failed "$gw_index" apply
    return 1
  fi
  gw_changed=$gw_changed$gw_newline$gw_key
  gw_dirty=yes
  report changed "$gw_index" "$gw_before"
}

# Gives back what this program no longer claims. Comes before anything is applied: what stays sees what went.
release_all() {
  gw_changed='' gw_dirty=''
  released >"$gw_run/released"
  while IFS=$gw_tab read -r gw_a gw_b gw_c; do
    release_item "$gw_a" "$gw_b" "$gw_c" || return 1
  done <"$gw_run/released"
  gw_pass_after "$gw_transaction/released"
}

release_item() { # HASH KEY LAST-DESIRED
  if grep -q "^item$gw_tab$1$gw_tab" "$gw_run/others"; then
    report released "shared $2"
    return 0
  fi
  [ -e "$gw_root/baseline/$1/item" ] || return 0
  use_capture "$gw_root/baseline/$1"
  gw_endangered=$gw_endangers
  observe
  # Content that somebody else changed since; other kinds have none that could be lost.
  if [ "$observed" != "$3" ] && [ "$observed" != absent ] && command -v "${gw_kind}_has_content" >/dev/null; then
    gw_kept=$gw_root/kept/$(date -u +%Y%m%dT%H%M%SZ)-$1
    capture_to "$gw_kept" && report kept "$gw_kept $2"
  fi
  capture_to "$gw_transaction/items/$1" || return 1
  printf '%s\n' "$gw_transaction/items/$1" >>"$gw_transaction/order"
  sync -f "$gw_transaction"
  [ -z "$gw_endangered" ] || deadman_arm || return 1
  use_capture "$gw_root/baseline/$1"
  if ! "${gw_kind}_restore" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&-; then
    printf '%s: %s' "$2" "$(tail -c 3000 "$gw_run/log")" | report_text failed - restore
    return 1
  fi
  printf '%s\n' "$gw_root/baseline/$1" >>"$gw_transaction/released"
  gw_changed=$gw_changed$gw_newline$2
  gw_dirty=yes
  report released "restored $2"
}

# A baseline keeps the definition by which it is restored: a changed one takes its place.
definitions_refresh() {
  [ -f "$gw_transaction/claim.before" ] || return 0
  while IFS=$gw_tab read -r gw_word gw_a gw_b _; do
    [ "$gw_word" = item ] || continue
    eval "gw_i=\${gw_index_of_$gw_a-}"
    [ -n "$gw_i" ] && [ -e "$gw_root/baseline/$gw_a/item" ] || continue
    eval "gw_mine=\$gw_digest_$gw_i"
    [ "$gw_b" != "$gw_mine" ] || continue
    use_item "$gw_i"
    save_definition "$gw_root/baseline/$gw_a/item.new" &&
      mv "$gw_root/baseline/$gw_a/item.new" "$gw_root/baseline/$gw_a/item" || return 1
  done <"$gw_transaction/claim.before"
}

# A second pass over restored items, in the order in which they were once applied.
gw_pass_after() { # FILE of folders, last one first
  tac "$1" >"$gw_run/after"
  while read -r gw_folder; do
    use_capture "$gw_folder"
    ! command -v "${gw_kind}_after_restore" >/dev/null || "${gw_kind}_after_restore" >>"$gw_run/log" 2>&1 </dev/null
  done <"$gw_run/after"
}

# Puts back everything that the transaction changed, but for what another stream wants just so.
# Needs nothing but the transaction's folder.
transaction_restore() {
  gw_failed=''
  other_claims
  tac "$gw_transaction/order" >"$gw_run/order.all"
  : >"$gw_run/order"
  while read -r gw_folder; do
    wanted_elsewhere "${gw_folder##*/}" || printf '%s\n' "$gw_folder" >>"$gw_run/order"
  done <"$gw_run/order.all"
  while read -r gw_folder; do
    use_capture "$gw_folder"
    if ! "${gw_kind}_restore" >"$gw_run/log" 2>&1 </dev/null 7>&- 8>&-; then
      printf '%s: %s' "$gw_key" "$(tail -c 3000 "$gw_run/log")" | report_text unrestored
      gw_failed=yes
    fi
  done <"$gw_run/order"
  gw_pass_after "$gw_run/order"
  [ -z "$gw_failed" ] || return 1
  transaction_sync
  : >"$gw_transaction/restored"
  sync -f "$gw_transaction"
  transaction_forget
}

# Another claim holds the item with the very value that this operation brought about.
wanted_elsewhere() { # HASH
  gw_line=$(grep "^item$gw_tab$1$gw_tab" "$gw_transaction/claim.after") || return 1
  gw_line=${gw_line#"item$gw_tab$1$gw_tab"}
  grep -q "^item$gw_tab$1$gw_tab${gw_line%%"$gw_tab"*}$gw_tab" "$gw_run/others"
}

# The end of a restore, which an interruption may cut short and the next program finish.
transaction_forget() {
  other_claims
  while read -r gw_a; do
    grep -q "^item$gw_tab$gw_a$gw_tab" "$gw_run/others" || rm -rf "$gw_root/baseline/$gw_a"
  done <"$gw_transaction/baselines"
  if [ -f "$gw_transaction/claim.before" ]; then
    cp "$gw_transaction/claim.before" "$gw_root/claims/$gw_owner.new"
    mv "$gw_root/claims/$gw_owner.new" "$gw_root/claims/$gw_owner"
  else
    rm -f "$gw_root/claims/$gw_owner"
  fi
  transaction_sync
  transaction_end
}

# From the mark on, an interruption is finished, not put back.
transaction_commit() {
  transaction_sync
  : >"$gw_transaction/committed"
  rm -rf "$gw_root/fetch/$gw_owner"
  while read -r gw_folder; do
    rm -rf "$gw_folder"
  done <"$gw_transaction/released"
  if [ -f "$gw_transaction/purge" ]; then
    while read -r gw_folder; do
      rm -rf --one-file-system "$gw_folder"
    done <"$gw_transaction/purge"
  fi
  grep -q '^item' "$gw_transaction/claim.after" || rm -f "$gw_root/claims/$gw_owner"
  transaction_end
}

transaction_sync() {
  sync -f /etc 2>/dev/null
  sync -f "$gw_root" 2>/dev/null || sync
}

# The timer goes first: it runs a program of the transaction's folder.
transaction_end() {
  deadman_disarm
  rm -rf "$gw_transaction"
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
  transaction_resume
}
