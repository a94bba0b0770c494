# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Gives back what is not wanted any more.

# Gives back what this program no longer claims. Comes before anything is applied: what stays sees what went.
release_all() {
  gw_changed='' gw_dirty='' gw_releasing=''
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
  ! endangers_login || recorded deadman_arm || return 1
  place_note
  giving_back "${gw_kind}_restore" || return 1
  printf '%s\n' "$1" >>"$gw_transaction/released" || return 1
  gw_changed=$gw_changed$gw_newline$gw_key
  gw_dirty=yes
  report released "restored $gw_key"
}
