# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# hostsEntry: line path; a line says the same whatever blanks separate its words and whatever comment follows

hostsEntry_observe() {
  observed=absent
  [ -z "$(hostsEntry_numbers)" ] || observed=present
}

# The numbers of the lines that say the same, one a line.
hostsEntry_numbers() {
  [ ! -f "$path" ] || awk -v "line=$line" '{ sub(/#.*/, ""); $1 = $1 } $0 == line { print NR }' "$path"
}

# One process for all entries.
hostsEntry_observe_many() {
  for gw_i in "$@"; do
    use_item "$gw_i"
    printf '%s\n' "$line"
  done >"$gw_run/wanted"
  : >"$gw_run/seen"
  [ ! -f "$path" ] || awk '
    FILENAME == ARGV[1] { wanted[$0]; next }
    { sub(/#.*/, ""); $1 = $1 }
    $0 in wanted { seen[$0] }
    END { for (line in seen) print line }
  ' "$gw_run/wanted" "$path" >"$gw_run/seen"
  gw_seen=$gw_newline$(cat "$gw_run/seen")$gw_newline
  for gw_i in "$@"; do
    use_item "$gw_i"
    case $gw_seen in
      *"$gw_newline$line$gw_newline"*) remember "$gw_i" present ;;
      *) remember "$gw_i" absent ;;
    esac
  done
}

hostsEntry_apply() { in_turn hosts hostsEntry_add; }

# A last line without its end gets one, or ours would be part of it.
hostsEntry_add() {
  [ -z "$(hostsEntry_numbers)" ] || return 0
  hostsEntry_copy || return 1
  [ ! -s "$gw_new" ] || [ "$(tail -c 1 "$gw_new" | wc -l)" -eq 1 ] || echo >>"$gw_new"
  printf '%s\t%s\n' "${line%% *}" "${line#* }" >>"$gw_new" && put_in_place "$gw_new" "$path"
}

hostsEntry_copy() { # the file, with its mode and owner, beside itself as $gw_new
  new_beside "$path"
  if [ -e "$path" ]; then
    cp -pL "$path" "$gw_new"
  else
    true >"$gw_new" && chmod 644 "$gw_new"
  fi
}

hostsEntry_capture() {
  hostsEntry_numbers >"$capture/numbers" && file_capture
}

hostsEntry_restore() { in_turn hosts hostsEntry_put_back; }

# What others changed since stays. Where nothing else changed, the old file itself comes back, to the time stamp.
hostsEntry_put_back() {
  if [ -s "$capture/numbers" ]; then
    hostsEntry_add
    return
  fi
  gw_numbers=$(hostsEntry_numbers)
  [ -n "$gw_numbers" ] || return 0
  hostsEntry_copy || return 1
  for gw_number in $gw_numbers; do printf '%sd\n' "$gw_number"; done >"$gw_run/lines"
  sed -f "$gw_run/lines" "$path" >"$gw_new" || return 1
  if [ ! -e "$capture/old" ] && [ ! -s "$gw_new" ]; then
    rm -f "$gw_new" "$path"
  elif hostsEntry_same; then
    rm -f "$gw_new" && copy_in_place "$capture/old" "$path"
  else
    put_in_place "$gw_new" "$path"
  fi
}

# As captured, but for the line's end that the last line got.
hostsEntry_same() {
  [ -f "$capture/old" ] || return 1
  cmp -s "$gw_new" "$capture/old" && return
  { cat "$capture/old" && echo; } | cmp -s "$gw_new" -
}
