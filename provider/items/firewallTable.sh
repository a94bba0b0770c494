# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# firewallTable: data is the definition
#
# /var/lib/groundwork/firewall.listing is the digest of nft's own listing of the table as it was loaded:
# the kernel's table is the same as long as it lists the same, after a boot too.

# Under the lock: between two looks, another stream's opening would seem to be nobody's.
firewallTable_observe() { firewall_locked firewallTable_look; }

firewallTable_look() {
  gw_digest=none gw_live=absent
  if [ -f "$gw_firewall/firewall.table.nft" ] && [ -f "$gw_firewall/firewall.nft" ] &&
    [ "$(cat "$gw_firewall/firewall.nft")" = "$(firewall_loader)" ]; then
    gw_digest=$(sha256sum <"$gw_firewall/firewall.table.nft")
    gw_digest=${gw_digest%% *}
  fi
  if gw_now=$(firewallTable_listing); then
    gw_live=changed
    gw_loaded=''
    [ ! -f "$gw_root/firewall.listing" ] || read -r gw_loaded <"$gw_root/firewall.listing"
    [ "$gw_now" != "$gw_loaded" ] || [ -n "$(firewallTable_foreign)" ] || gw_live=as-loaded
  elif overdue $?; then
    gw_live=unknown
  fi
  observed="sha256=$gw_digest live=$gw_live"
}

firewallTable_listing() { # prints the digest; fails without a table
  firewall_nft --stateless --terse list table inet groundwork </dev/null >"$gw_run/listing" 2>/dev/null || return
  gw_sum=$(sha256sum <"$gw_run/listing")
  printf '%s\n' "${gw_sum%% *}"
}

# Openings that somebody made by hand.
firewallTable_foreign() {
  gw_elements=$gw_firewall/firewall.elements.nft
  [ -f "$gw_elements" ] || gw_elements=/dev/null
  firewall_nft list table inet groundwork </dev/null >"$gw_run/live" 2>/dev/null
  firewall_awk source=boot "$gw_elements" source=live "$gw_run/live" source=foreign /dev/null
}

firewallTable_apply() { firewall_locked firewallTable_load; }

firewallTable_load() {
  gw_table=$gw_firewall/firewall.table.nft
  firewall_folder && data >"$gw_table.groundwork-new" && firewall_elements || return 1
  firewall_loader "$gw_table.groundwork-new" >"$gw_run/nft"
  firewall_nft -c -f "$gw_run/nft" || {
    gw_code=$?
    rm -f "$gw_table.groundwork-new"
    return "$gw_code"
  }
  firewall_loader >"$gw_firewall/firewall.nft.groundwork-new" &&
    put_in_place "$gw_table.groundwork-new" "$gw_table" &&
    put_in_place "$gw_firewall/firewall.nft.groundwork-new" "$gw_firewall/firewall.nft" &&
    firewallTable_start
}

firewallTable_start() {
  firewall_nft -f "$gw_firewall/firewall.nft" && firewallTable_listing >"$gw_root/firewall.listing"
}

firewallTable_capture() {
  for gw_name in firewall.nft firewall.table.nft; do
    [ ! -f "$gw_firewall/$gw_name" ] || cp -a "$gw_firewall/$gw_name" "$capture/" || return 1
  done
  case $observed in
    *live=as-loaded) true >"$capture/as-loaded" ;;
    *live=unknown)
      echo "nft did not say within $time_limit s what is loaded"
      return 1
      ;;
    *live=changed) firewall_locked firewallTable_save ;;
  esac
}

# What drifted comes back as it was, with what was wanted of its elements at the same moment.
firewallTable_save() {
  firewall_nft list table inet groundwork </dev/null >"$capture/live" || return
  [ ! -f "$gw_root/firewall.listing" ] || cp "$gw_root/firewall.listing" "$capture/listing" || return 1
  [ ! -f "$gw_firewall/firewall.elements.nft" ] || cp "$gw_firewall/firewall.elements.nft" "$capture/elements"
}

firewallTable_restore() { firewall_locked firewallTable_back; }

firewallTable_back() {
  for gw_name in firewall.nft firewall.table.nft; do
    if [ -f "$capture/$gw_name" ]; then
      made_again "$gw_firewall/$gw_name" && copy_in_place "$capture/$gw_name" "$gw_firewall/$gw_name" || return 1
    else
      rm -f "$gw_firewall/$gw_name" "$gw_firewall/$gw_name.groundwork-new" || return 1
    fi
  done
  firewall_tidy || return
  # Elements may have come and gone beside it: a table of ours is loaded with those of today.
  if [ -f "$capture/as-loaded" ]; then
    firewallTable_start
    return
  fi
  rm -f "$gw_root/firewall.listing"
  [ ! -f "$capture/listing" ] || cp "$capture/listing" "$gw_root/firewall.listing"
  firewall_instead inet groundwork "$capture/live" >"$gw_run/nft"
  if [ -f "$capture/live" ] && [ -f "$capture/firewall.nft" ]; then
    firewallTable_elements >>"$gw_run/nft" || return 1
  fi
  ! command -v nft >/dev/null || firewall_nft -f "$gw_run/nft"
}

# For each set of the table that drifted: the elements that are wanted today, and those that somebody had made by hand.
# Which those are, a capture of an earlier version does not tell.
firewallTable_elements() {
  gw_elements=$gw_firewall/firewall.elements.nft
  : >"$gw_run/by-hand"
  [ ! -f "$capture/elements" ] ||
    firewall_awk source=boot "$capture/elements" source=live "$capture/live" source=foreign /dev/null |
    sed 's/^\([^ ]*\) \(.*\)/add element inet groundwork \1 { \2 }/' >"$gw_run/by-hand"
  firewall_awk source=wanted "$gw_elements" "$gw_run/by-hand" >"$gw_run/today" || return 1
  sed -n 's/^[[:space:]]*set \([a-z0-9_]*\) {$/\1/p' "$capture/live" >"$gw_run/sets"
  while read -r gw_set; do
    firewall_is_known "$gw_set" || continue
    printf 'flush set inet groundwork %s\n' "$gw_set"
    grep "^add element inet groundwork $gw_set " "$gw_run/today" || [ $? -eq 1 ] || return 1
  done <"$gw_run/sets"
}
