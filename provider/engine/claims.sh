# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Who wants what of this machine.

# Lines `item HASH DIGEST KEY DESIRED` of every claim but this one's, into the run's folder. An operation that is being
# taken back claims what it did before.
other_claims() {
  true >"$gw_run/others" || return 1
  for gw_claim in "$gw_root"/claims/*; do
    [ -f "$gw_claim" ] && [ "$gw_claim" != "$gw_root/claims/$gw_owner" ] || continue
    gw_open_of=$gw_root/transactions/${gw_claim##*/}
    if [ -e "$gw_open_of/restoring" ] || [ -e "$gw_open_of/restored" ]; then
      [ -f "$gw_open_of/claim.before" ] || continue
      gw_claim=$gw_open_of/claim.before
    fi
    cat "$gw_claim" >>"$gw_run/others" || return 1
  done
}

others_now() {
  lock_registry
  other_claims || return 1
  unlock_registry
}

# Takes the registry's lock when no other operation is about to give back an item that this one wants: it would be given
# back under this one's hands. Who waits has begun nothing, so nobody waits for him; what he saw before is stale then.
lock_uncontested() {
  gw_waited=0
  while lock_registry && contested; do
    unlock_registry
    not_cancelled "it began" || return 1
    [ "$gw_waited" -lt 1200 ] || {
      refuse GW303 "$gw_contested is being given back by $gw_claimant, which did not end within 10 minutes"
      return 1
    }
    gw_waited=$((gw_waited + 1))
    sleep 0.5
  done
}

# True while the transaction of another one releases an item of this program, or puts it back; sets gw_contested.
contested() {
  for gw_open_of in "$gw_root"/transactions/*; do
    [ -f "$gw_open_of/claim.after" ] && [ "${gw_open_of##*/}" = "${gw_open_of##*[/.]}" ] && [ "$gw_open_of" != "$gw_transaction" ] || continue
    if [ -e "$gw_open_of/restoring" ] || [ -e "$gw_open_of/restored" ]; then
      contested_by "$gw_open_of/claim.after" /dev/null && return
    elif [ -f "$gw_open_of/claim.before" ]; then
      contested_by "$gw_open_of/claim.before" "$gw_open_of/claim.after" && return
    fi
  done
  return 1
}

contested_by() { # CLAIM BUT-FOR
  while IFS=$gw_tab read -r gw_word gw_a _ gw_contested _; do
    case $gw_word in
      urn) gw_claimant=$gw_a ;;
      item)
        eval "gw_i=\${gw_index_of_$gw_a-}"
        [ -z "$gw_i" ] || grep -q "^item$gw_tab$gw_a$gw_tab" "$2" || return 0
        ;;
    esac
  done <"$1"
  return 1
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
