# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# The lease: one deployment at a time on a machine.

lease_take() {
  gw_now=$(date +%s)
  # A power cut may leave an empty one.
  if [ -s "$gw_root/lease" ]; then
    IFS=$gw_tab read -r gw_a gw_b gw_c <"$gw_root/lease"
    if [ "$gw_a" != "$gw_holder" ] && lease_lasts "$gw_c" && [ "$gw_a" != "$gw_dead_holder" ]; then
      report held "$gw_a$gw_tab$gw_b$gw_tab$gw_c"
      return 1
    fi
    [ "$gw_a" = "$gw_holder" ] || gw_b=$gw_now
  else
    gw_b=$gw_now
  fi
  recorded lease_write
}

# One that would last longer than any was written by a clock that was wrong.
lease_lasts() { [ "$1" -gt "$gw_now" ] && [ "$1" -le "$((gw_now + gw_lease_seconds))" ]; }

# On a full disk the one before stays: it still tells others who is at work.
lease_write() {
  printf '%s\t%s\t%s\n' "$gw_holder" "$gw_b" "$((gw_now + gw_lease_seconds))" >"$gw_root/lease.new" &&
    mv "$gw_root/lease.new" "$gw_root/lease" && return
  rm -f "$gw_root/lease.new"
  return 1
}

# False, with a word to the provider, when somebody else took the machine meanwhile.
lease_stands() {
  [ -s "$gw_root/lease" ] || return 0
  IFS=$gw_tab read -r gw_a gw_b gw_c <"$gw_root/lease"
  [ "$gw_a" != "$gw_holder" ] || return 0
  report held "$gw_a$gw_tab$gw_b$gw_tab$gw_c"
  return 1
}

lease_release() {
  [ -f "$gw_root/lease" ] || return 0
  IFS=$gw_tab read -r gw_a _ <"$gw_root/lease"
  [ "$gw_a" != "$gw_holder" ] || rm -f "$gw_root/lease"
}

# Only one's own lease is renewed: one that ran out may be somebody else's by now.
lease_renew() {
  [ -f "$gw_root/lease" ] || return 0
  IFS=$gw_tab read -r gw_a _ <"$gw_root/lease"
  [ "$gw_a" != "$gw_holder" ] || lease_take
}
