# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# One element of a set of table inet groundwork: set element file

firewall_element_line() { printf 'add element inet groundwork %s { %s }' "$set" "$element"; }

firewall_element_judge() { # ANSWER: sets $observed
  observed=$1 gw_line=''
  gw_file=$gw_firewall/firewall.d/$file
  [ ! -f "$gw_file" ] || IFS= read -r gw_line <"$gw_file" || :
  [ "$gw_line" = "$(firewall_element_line)" ] || observed="boot=no ${1#* }"
}

firewall_answers() { # questions in $gw_run/asked, answers in $gw_run/answers
  gw_elements=$gw_firewall/firewall.elements.nft
  [ -f "$gw_elements" ] || gw_elements=/dev/null
  firewall_nft list table inet groundwork </dev/null >"$gw_run/live" 2>/dev/null || answered $? nft || return
  firewall_awk source=boot "$gw_elements" source=live "$gw_run/live" source=asked "$gw_run/asked" >"$gw_run/answers"
}

firewall_element_observe() {
  printf '%s %s\n' "$set" "$element" >"$gw_run/asked"
  if firewall_answers; then
    read -r gw_answer <"$gw_run/answers"
    firewall_element_judge "$gw_answer"
  else
    observed=unknown
  fi
}

firewall_element_observe_many() { # INDEX…
  for gw_i in "$@"; do
    use_item "$gw_i"
    printf '%s %s\n' "$set" "$element"
  done >"$gw_run/asked"
  if ! firewall_answers; then
    remember_unknown "$@"
    return
  fi
  exec 5<"$gw_run/answers"
  for gw_i in "$@"; do
    use_item "$gw_i"
    read -r gw_answer <&5
    firewall_element_judge "$gw_answer"
    remember "$gw_i" "$observed"
  done
  exec 5<&-
}

firewall_element_apply() {
  firewall_nft list set inet groundwork "$set" >/dev/null || {
    answered $? nft || return
    echo "table inet groundwork with its set $set is not there: a firewallTable makes it"
    return 1
  }
  firewall_locked firewall_element_add
}

firewall_element_add() {
  gw_file=$gw_firewall/firewall.d/$file
  new_beside "$gw_file"
  firewall_folder && printf '%s\n' "$(firewall_element_line)" >"$gw_new" && put_in_place "$gw_new" "$gw_file" &&
    firewall_elements && firewall_sync "$set"
}

firewall_element_capture() {
  gw_file=$gw_firewall/firewall.d/$file
  [ ! -f "$gw_file" ] || cp -a "$gw_file" "$capture/element"
}

firewall_element_restore() { firewall_locked firewall_element_back; }

firewall_element_back() {
  gw_file=$gw_firewall/firewall.d/$file
  if [ -f "$capture/element" ]; then
    firewall_folder && copy_in_place "$capture/element" "$gw_file" || return 1
  else
    rm -f "$gw_file" "$gw_file.groundwork-$gw_owner" || return 1
  fi
  firewall_elements && firewall_sync "$set" && firewall_tidy
}
