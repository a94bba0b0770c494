# shellcheck shell=sh
# shellcheck disable=SC2154 # the engine sets the operation's variables

# True when this program or another one wants an item. What this program came to want in an operation
# does not count while that operation is put back.
still_claimed() { # KEY
  gw_own=$gw_root/claims/$gw_owner
  ! grep -qsxF -e "$capture" "$gw_transaction/order" || gw_own=$gw_transaction/claim.before
  for gw_claim in "$gw_root"/claims/* "$gw_own"; do
    [ "$gw_claim" = "$gw_own" ] || [ "$gw_claim" != "$gw_root/claims/$gw_owner" ] || continue
    ! grep -qsF -e "$gw_tab$1$gw_tab" "$gw_claim" || return 0
  done
  return 1
}
