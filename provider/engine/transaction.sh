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

# Checks from elsewhere, or a login, decide about it.
transaction_hold() { printf '%s\n' "$gw_holder" >"$gw_transaction/held"; }

# From the mark on, an interruption is finished, not put back. What it decides about is on the disk before it, and it
# is on the disk before anything follows from it, be it on another file system.
transaction_decide() { # committed | restoring | restored
  true >"$gw_transaction/$1" && sync -f "$gw_transaction"
}

transaction_is_decided() {
  [ -e "$gw_transaction/committed" ] || [ -e "$gw_transaction/restoring" ] || [ -e "$gw_transaction/restored" ]
}

transaction_commit() {
  transaction_decide committed && definitions_take || return 1
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
