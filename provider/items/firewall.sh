# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# What firewallTable, allowedPort and allowedForward share: table inet groundwork, its files and its elements.
#
# /etc/groundwork/firewall.nft           loads all of it in one transaction, at boot too
# /etc/groundwork/firewall.table.nft     the definition
# /etc/groundwork/firewall.d/*.nft       one element each, as its item wants it
# /etc/groundwork/firewall.elements.nft  the same traffic without overlaps: nft refuses 10.0.0.0/24 . 22 where
#                                        10.0.0.0/8 . 22 is, and would drop both when the wider one is deleted

gw_firewall=/etc/groundwork

firewall_locked() { in_turn nft "$@"; } # FUNCTION…

firewall_nft() { limit nft "$@"; }

# True for the sets whose elements are items.
firewall_is_known() { # SET
  case $1 in
    tcp_any | tcp_ip4 | tcp_ip6 | udp_any | udp_ip4 | udp_ip6 | forward_ip4 | forward_ip6) ;;
    *) return 1 ;;
  esac
}

# A transaction that puts a saved listing in a table's place, or nothing where there is no listing.
firewall_instead() { # FAMILY NAME LISTING
  printf 'table %s %s\ndelete table %s %s\n' "$1" "$2" "$1" "$2"
  [ ! -f "$3" ] || cat "$3"
}

firewall_loader() { # [TABLE-FILE]; the empty line ends a definition whose file has no last newline
  printf '%s\n' '# Loads the table of Groundwork and touches no other.' \
    'table inet groundwork' \
    'delete table inet groundwork' \
    "include \"${1:-$gw_firewall/firewall.table.nft}\"" \
    '' \
    "include \"$gw_firewall/firewall.elements.nft\""
}

firewall_folder() {
  [ -d "$gw_firewall/firewall.d" ] || made_again "$gw_firewall/firewall.d/"
}

# The last file takes the rest along.
firewall_tidy() {
  firewall_elements || return
  [ ! -s "$gw_firewall/firewall.elements.nft" ] && [ ! -e "$gw_firewall/firewall.nft" ] || return 0
  rm -f "$gw_firewall/firewall.elements.nft" "$gw_firewall/firewall.elements.nft.groundwork-new"
  made_tidy "$gw_firewall/firewall.d/"
}

# Writes what firewall.d wants as elements that do not overlap.
firewall_elements() {
  [ -d "$gw_firewall" ] || return 0
  set -- "$gw_firewall/firewall.d"/*.nft
  [ -e "$1" ] || set -- /dev/null
  gw_new=$gw_firewall/firewall.elements.nft.groundwork-new
  firewall_awk source=wanted "$@" >"$gw_new" && put_in_place "$gw_new" "$gw_firewall/firewall.elements.nft"
}

# Puts the elements of a set into the live table, all at once; without that table there is nothing to do.
firewall_sync() { # SET
  firewall_nft list set inet groundwork "$1" >/dev/null 2>&1 || {
    answered $? nft
    return
  }
  {
    printf 'flush set inet groundwork %s\n' "$1"
    [ ! -f "$gw_firewall/firewall.elements.nft" ] ||
      grep "^add element inet groundwork $1 " "$gw_firewall/firewall.elements.nft"
  } >"$gw_run/nft"
  firewall_nft -f "$gw_run/nft"
}
