# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# A claim follows its HostState when that gets another URN: by a rename, or in place of a stack whose state was lost.

# Takes over what this HostState claimed under other URNs. What was begun under them is settled first: that may be all
# that there is.
claims_adopt() {
  [ -n "$gw_former$gw_adopt" ] || return 0
  for gw_claim in "$gw_root"/transactions/*/claim.after; do
    gw_predecessor=${gw_claim%/claim.after}
    gw_predecessor=${gw_predecessor##*/}
    ! is_predecessor || (predecessor_settle) || return 1
  done
  for gw_claim in "$gw_root"/claims/*; do
    gw_predecessor=${gw_claim##*/}
    is_predecessor || continue
    recorded predecessor_follow || return 1
    printf %s "$gw_claimant" | report_text adopted
  done
}

# In a process of its own: it holds the other owner's lock beside this one's.
predecessor_settle() {
  gw_owner=$gw_predecessor
  lock_owner && transaction_settle
}

# By the URN that the state had, or by the name that it has in the stack that --adopt names.
is_predecessor() {
  [ -f "$gw_claim" ] && [ "$gw_predecessor" != "$gw_owner" ] || return 1
  gw_claimant='' gw_program_of=''
  while IFS=$gw_tab read -r gw_word gw_a _; do
    case $gw_word in
      urn) gw_claimant=$gw_a ;;
      project) gw_program_of=$gw_a ;;
      stack) gw_program_of=$gw_program_of/$gw_a ;;
      item) break ;;
    esac
  done <"$gw_claim"
  [ "$gw_predecessor" = "$gw_former" ] && return
  # What is about to begin or to end (.new, .ended) is nobody's.
  [ -n "$gw_adopt" ] && [ "${gw_predecessor%.*}" = "$gw_predecessor" ] && [ "$gw_program_of" = "$gw_project/$gw_adopt" ] &&
    [ "${gw_claimant##*::}" = "${gw_urn##*::}" ]
}

# What both claim stays as this one has it. Cut off between the two steps, both claims say the same, and it is repeated.
predecessor_follow() {
  gw_new=$gw_root/transactions/$gw_owner.new
  rm -rf "$gw_new"
  lock_registry
  set -- "$gw_claim"
  [ ! -f "$gw_root/claims/$gw_owner" ] || set -- "$gw_root/claims/$gw_owner" "$gw_claim"
  {
    claim_head && awk -F "$gw_tab" '$1 == "item" && !known[$2]++' "$@" &&
      awk -F "$gw_tab" -v own="$gw_root/claims/$gw_owner" 'FILENAME == own && $1 == "operation"' "$@"
  } >"$gw_new" && put_in_place "$gw_new" "$gw_root/claims/$gw_owner" && rm -f "$gw_claim" &&
    sync -f "$gw_root/claims" || return 1
  unlock_registry
}
