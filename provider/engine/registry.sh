# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# The registry: the folder in which a machine remembers what outlives a program.

# False, with a word to the provider, where a newer version wrote the registry: nothing of it is ours to read.
registry_is_known() {
  # A power cut may leave an empty one.
  [ -s "$gw_root/format" ] || return 0
  read -r gw_found <"$gw_root/format"
  [ "$gw_found" -le "$gw_format" ] 2>/dev/null || {
    refuse GW305 "format $gw_found is newer than $gw_format"
    return 1
  }
}

registry_open() { registry_is_known && recorded registry_make; }

registry_make() {
  mkdir -p "$gw_root/claims" "$gw_root/baseline" "$gw_root/transactions" && chmod 700 "$gw_root" || return 1
  [ -s "$gw_root/format" ] || echo "$gw_format" >"$gw_root/format"
}

refuse() { # CODE TEXT
  printf '%s' "$2" | report_text error "$1"
}

# Runs what writes Groundwork's own records, and tells the provider why it could not. What is to survive a full disk
# writes an empty file by `true`: where `:` cannot, it ends the shell.
recorded() { # COMMAND…
  "$@" >"$gw_run/log" 2>&1 && return
  unwritten_why
  refuse GW315 "$(tail -c 1000 "$gw_run/log")"
  return 1
}

# The shell's own words for what it could not write name no reason: a tool is asked for it.
unwritten_why() {
  ! grep -q 'I/O error' "$gw_run/log" ||
    { echo | dd of="$gw_root/probe" status=none; rm -f "$gw_root/probe"; } >>"$gw_run/log" 2>&1
}
