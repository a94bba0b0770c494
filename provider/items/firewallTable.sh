# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2015 # the engine sets the item's variables and reads $observed; `a && b || c` is meant
# firewallTable: data is the definition of `table inet groundwork`. Elements of its sets belong to other items.

gw_firewall=/etc/groundwork/firewall

# The table as the kernel holds it, without elements and counters: what a change by hand would alter.
firewall_listing() { nft --stateless --terse list table inet groundwork 2>/dev/null | sha256sum; }

firewallTable_observe() {
  if [ ! -f "$gw_firewall.nft" ]; then
    observed=absent
    return
  fi
  gw_sum=$(sha256sum <"$gw_firewall.nft")
  gw_live=changed
  if ! nft -t list table inet groundwork >/dev/null 2>&1; then
    gw_live=absent
  elif [ -f "$gw_firewall.listing" ] && [ "$(firewall_listing)" = "$(cat "$gw_firewall.listing")" ]; then
    gw_live=as-loaded
  fi
  observed="sha256=${gw_sum%% *} live=$gw_live"
}

# Replaces the table and fills its sets in one nft transaction: no packet meets a half-made firewall.
firewall_load() { # DEFINITION
  {
    printf 'table inet groundwork\ndelete table inet groundwork\n'
    cat "$1"
    [ ! -d "$gw_firewall.d" ] || find "$gw_firewall.d" -name '*.nft' -exec cat {} +
  } >"$gw_run/firewall"
  nft -c -f "$gw_run/firewall" && locked nft nft -f "$gw_run/firewall"
}

firewallTable_apply() {
  mkdir -p "${gw_firewall%/*}" "$gw_firewall.d" && data >"$gw_firewall.groundwork-new" || return 1
  firewall_load "$gw_firewall.groundwork-new" || {
    rm -f "$gw_firewall.groundwork-new"
    return 1
  }
  chmod 644 "$gw_firewall.groundwork-new"
  mv -f "$gw_firewall.groundwork-new" "$gw_firewall.nft"
  firewall_listing >"$gw_firewall.listing"
}

firewallTable_capture() {
  for gw_part in nft listing; do
    [ ! -f "$gw_firewall.$gw_part" ] || cp -a "$gw_firewall.$gw_part" "$capture/$gw_part" || return 1
  done
  [ -d "$gw_firewall.d" ] || : >"$capture/no-folder"
  # A table of that name that nobody here loaded is put back as it stands.
  nft list table inet groundwork >"$capture/live" 2>/dev/null || rm -f "$capture/live"
}

firewallTable_restore() {
  if [ -f "$capture/nft" ]; then
    firewall_load "$capture/nft" || return 1
  else
    printf 'table inet groundwork\ndelete table inet groundwork\n' >"$gw_run/firewall"
    [ ! -f "$capture/live" ] || cat "$capture/live" >>"$gw_run/firewall"
    locked nft nft -f "$gw_run/firewall" || return 1
  fi
  for gw_part in nft listing; do
    rm -f "$gw_firewall.$gw_part"
    [ ! -f "$capture/$gw_part" ] || cp -a "$capture/$gw_part" "$gw_firewall.$gw_part" || return 1
  done
  [ ! -e "$capture/no-folder" ] || rmdir "$gw_firewall.d" "${gw_firewall%/*}" 2>/dev/null || :
}

# --- elements: shared by allowedPort and allowedForward, whose variables are set element file ---

# Sets gw_elements to the lines `SET ELEMENT` of the live table, with one listing.
firewall_elements() {
  gw_elements=$(nft list table inet groundwork 2>/dev/null | awk '
    /^\tset / { name = $2 }
    /elements = \{/ { sub(/.*elements = \{/, ""); open = 1; text = "" }
    open { text = text " " $0 }
    open && /\}/ {
      open = 0
      sub(/\}.*/, "", text)
      count = split(text, found, ",")
      for (i = 1; i <= count; i++) {
        gsub(/[ \t]+/, " ", found[i]); sub(/^ /, "", found[i])
        sub(/ (counter|expires|timeout|comment) .*/, "", found[i]); sub(/ $/, "", found[i])
        print name " " found[i]
      }
    }')
}

firewall_line() { printf 'add element inet groundwork %s { %s }\n' "$set" "$element"; }

element_judge() { # sets $observed by gw_elements and the boot file
  gw_boot=no gw_live=no
  if [ -f "$gw_firewall.d/$file" ]; then
    read -r gw_line <"$gw_firewall.d/$file" || :
    [ "$gw_line" != "add element inet groundwork $set { $element }" ] || gw_boot=yes
  fi
  case "$gw_newline$gw_elements$gw_newline" in
    *"$gw_newline$set $element$gw_newline"*) gw_live=yes ;;
  esac
  observed="boot=$gw_boot live=$gw_live"
}

element_observe() {
  firewall_elements
  element_judge
}

element_observe_many() {
  firewall_elements
  for gw_i in "$@"; do
    use_item "$gw_i"
    element_judge
    remember "$gw_i" "$observed"
  done
}

element_apply() {
  mkdir -p "$gw_firewall.d" && firewall_line >"$gw_firewall.d/$file.groundwork-new" || return 1
  mv -f "$gw_firewall.d/$file.groundwork-new" "$gw_firewall.d/$file"
  case $observed in
    *live=no) element_nft add ;;
  esac
}

element_nft() { # add | delete
  locked nft nft "$1" element inet groundwork "$set" "{ $element }"
}

element_capture() {
  firewall_elements
  element_judge
  printf '%s\n' "$observed" >"$capture/observed"
}

element_restore() {
  read -r gw_was <"$capture/observed"
  firewall_elements
  element_judge
  case $gw_was in
    *boot=yes*) firewall_line >"$gw_firewall.d/$file" ;;
    *) rm -f "$gw_firewall.d/$file" ;;
  esac
  case $gw_was/$observed in
    *live=yes/*live=no) element_nft add ;;
    *live=no/*live=yes) element_nft delete ;;
  esac
}
