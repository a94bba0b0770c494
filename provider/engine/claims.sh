# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Who wants what of this machine.

# Lines `item HASH DIGEST KEY DESIRED` of every claim but this one's, into the run's folder.
other_claims() {
  true >"$gw_run/others" || return 1
  for gw_claim in "$gw_root"/claims/*; do
    [ -f "$gw_claim" ] && [ "$gw_claim" != "$gw_root/claims/$gw_owner" ] || continue
    # It may go at this very moment, with the last item of its owner.
    cat "$gw_claim" >>"$gw_run/others" || [ ! -e "$gw_claim" ] || return 1
  done
}

# Within one program, unequal wants were refused before; here it is another program's.
claim_all() {
  recorded other_claims || return 1
  gw_refused='' gw_claimant='' gw_program_of=''
  while IFS=$gw_tab read -r gw_word gw_a gw_b gw_c _; do
    case $gw_word in
      urn) gw_claimant=$gw_a ;;
      project) gw_program_of=$gw_a ;;
      stack) gw_program_of=$gw_program_of/$gw_a ;;
      item)
        eval "gw_i=\${gw_index_of_$gw_a-}"
        [ -n "$gw_i" ] || continue
        eval "gw_mine=\$gw_digest_$gw_i"
        [ "$gw_b" = "$gw_mine" ] || [ "$gw_program_of" = "$gw_project/$gw_stack" ] || {
          refuse GW303 "$gw_c is claimed with another value by $gw_claimant"
          gw_refused=yes
        }
        ;;
    esac
  done <"$gw_run/others"
  [ -z "$gw_refused" ]
}

claim_head() {
  printf 'format\t%s\nurn\t%s\nproject\t%s\nstack\t%s\n' "$gw_format" "$gw_urn" "$gw_project" "$gw_stack"
}

claim_text() {
  claim_head
  for gw_i in $gw_items; do
    use_item "$gw_i"
    eval "gw_mine=\$gw_digest_$gw_i"
    printf 'item\t%s\t%s\t%s\t%s\n' "$gw_hash" "$gw_mine" "$gw_key" "$gw_desired"
  done
}

# Keys of the old claim that this program no longer wants, last one first.
released() {
  [ -f "$gw_transaction/claim.before" ] || return 0
  tac "$gw_transaction/claim.before" | while IFS=$gw_tab read -r gw_word gw_a gw_b gw_c gw_d; do
    [ "$gw_word" = item ] || continue
    eval "gw_i=\${gw_index_of_$gw_a-}"
    [ -n "$gw_i" ] || printf '%s\t%s\t%s\n' "$gw_a" "$gw_c" "$gw_d"
  done
}
