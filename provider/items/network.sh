# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# network: name live device sizes; data is the .network, the .netdev and the .link one after the other, sizes are
# their lengths in bytes, a dash where there is none
#
# A capture holds the files by their suffix, and how links without any .network were: addresses, routes4, routes6.

gw_networks=/etc/systemd/network
gw_networkd=/run/systemd/netif/links
gw_generated=/run/systemd/network
gw_interfaces=/sys/class/net

network_observe() {
  observed=''
  for gw_suffix in network netdev link; do
    network_file "$gw_networks/$name.$gw_suffix"
    observed="$observed$gw_suffix=$gw_seen "
  done
  if [ -n "$live" ]; then
    in_turn networkd network_live
    observed="${observed}live=$gw_seen"
  else
    observed=${observed% }
  fi
}

network_file() { # FILE: sets gw_seen to its digest, or to what is wrong with it
  gw_seen=absent
  [ -e "$1" ] || [ -L "$1" ] || return 0
  gw_seen=other
  [ -f "$1" ] && [ ! -L "$1" ] || return 0
  gw_seen=$(stat -c '%a_%U:%G' "$1")
  case $gw_suffix/$gw_seen in
    netdev/640_root:systemd-network | network/644_root:root | link/644_root:root) ;;
    *) return 0 ;;
  esac
  gw_seen=$(sha256sum <"$1")
  gw_seen=${gw_seen%% *}
}

network_live() { # sets gw_seen to yes, or to what is not as the files say
  gw_seen=off
  network_running || {
    ! overdue $? || gw_seen=unknown
    return 0
  }
  gw_seen=yes
  if [ -n "$device" ] && [ ! -e "/sys/class/net/$device" ]; then
    gw_seen=no-$device
    return 0
  fi
  network_links failed
  [ -z "$gw_links" ] || gw_seen=failed:$gw_links
}

network_running() { limit systemctl is-active --quiet systemd-networkd.service </dev/null; }

# Sets gw_links to the links that the item's .network is about and that are in one of the states; any without states.
network_links() { # STATE…
  gw_links=''
  for gw_link in /sys/class/net/*; do
    read -r gw_number <"$gw_link/ifindex" 2>/dev/null && [ -f "$gw_networkd/$gw_number" ] || continue
    gw_state='' gw_by=''
    while IFS= read -r gw_line; do
      case $gw_line in
        ADMIN_STATE=*) gw_state=${gw_line#*=} ;;
        NETWORK_FILE=*) gw_by=${gw_line#*=} ;;
      esac
    done <"$gw_networkd/$gw_number"
    [ "$gw_by" = "$gw_networks/$name.network" ] || continue
    case " $* " in
      '  ' | *" $gw_state "*) gw_links="$gw_links${gw_links:+ }${gw_link##*/}" ;;
    esac
  done
}

# --- apply ---

# Under the lock `networkd` from what is changed until the links are settled: another stream that looks meanwhile would
# find none running, or links that fail.
network_apply() {
  [ -z "$live" ] || in_turn networkd network_running || {
    answered $? systemctl || return
    refuse GW314 "network:$name is to be brought about now, and systemd-networkd.service does not run here"
    return 1
  }
  gw_draft=$gw_run/networks
  rm -rf "$gw_draft"
  network_unpack && network_free && network_read || return
  in_turn networkd network_bring
}

network_bring() {
  network_obsolete "$gw_draft/all"
  for gw_suffix in network netdev link; do
    network_install || return 1
  done
  [ -n "$live" ] || return 0
  network_reload && network_again && network_settled
}

# Writes the new files into a folder of their own, as they will be.
network_unpack() {
  (umask 077 && mkdir -p "$gw_draft/all" && data >"$gw_draft/data") && chmod 755 "$gw_draft/all" || return 1
  gw_from=1
  # shellcheck disable=SC2086 # three words
  set -- $sizes
  for gw_suffix in network netdev link; do
    [ "$1" = - ] || {
      network_part "$gw_draft/all/$name.$gw_suffix" "$1" || return 1
      gw_from=$((gw_from + $1))
    }
    shift
  done
  rm -f "$gw_draft/data"
}

network_part() { # FILE SIZE
  gw_mode=644 gw_group=root
  [ "$gw_suffix" != netdev ] || gw_mode=640 gw_group=systemd-network
  (umask 077 && tail -c "+$gw_from" "$gw_draft/data" | head -c "$2" >"$1") && chown "root:$gw_group" "$1" &&
    chmod "$gw_mode" "$1"
}

# netplan writes its files anew at every boot: of two files for one interface, the first by name has it alone.
network_free() {
  [ -f "$gw_draft/all/$name.network" ] || return 0
  set -f
  # shellcheck disable=SC2046 # patterns
  set -- $(network_patterns "$gw_draft/all/$name.network")
  set +f
  [ $# -gt 0 ] || return 0
  for gw_link in "$gw_interfaces"/*; do
    gw_link=${gw_link##*/}
    network_is_about "$gw_link" "$@" && network_netplan "$gw_link" || continue
    echo "netplan configures $gw_link, by $gw_other: change it there, or take it out of netplan's own files first"
    return 1
  done
}

network_netplan() { # LINK: sets gw_other to the file of netplan that is about it
  for gw_other in "$gw_generated"/*netplan*.network; do
    [ -f "$gw_other" ] || continue
    gw_id=${gw_other##*netplan-}
    set -f
    # shellcheck disable=SC2046 # patterns
    network_is_about "$1" "${gw_id%.network}" $(network_patterns "$gw_other")
    gw_code=$?
    set +f
    [ "$gw_code" -ne 0 ] || return 0
  done
  return 1
}

network_is_about() { # LINK PATTERN…
  gw_looked=$1 gw_yes=0 gw_no=1
  shift
  case $1 in !*) gw_yes=1 gw_no=0 ;; esac
  for gw_pattern; do
    # shellcheck disable=SC2254 # a pattern
    case $gw_looked in ${gw_pattern#!}) return "$gw_yes" ;; esac
  done
  return "$gw_no"
}

network_patterns() { # FILE: prints the names that its [Match] has
  awk '
    { gsub(/^[ \t]+|[ \t\r]+$/, "") }
    /^\[/ { here = $0 == "[Match]"; next }
    here && sub(/^Name[ \t]*=[ \t]*/, "")
  ' "$1"
}

# networkd has no checker: one of its own, in an empty network, reads the new files beside the devices that there are,
# and says what it passes over. udev reads links.
network_read() {
  for gw_other in "$gw_networks"/*.netdev /run/systemd/network/*.netdev; do
    [ ! -f "$gw_other" ] || [ "$gw_other" = "$gw_networks/$name.netdev" ] || cp -p "$gw_other" "$gw_draft/all/" || return 1
  done
  mkfifo "$gw_draft/said" || return 1
  # shellcheck disable=SC2016 # expanded by the inner shell
  limit unshare --mount --net sh -c '
    mount --bind "$1" "$2" && mount -t tmpfs none /run && mkdir /run/systemd || exit
    export SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_COLOR=0 SYSTEMD_LOG_LEVEL=info
    ! command -v udevadm >/dev/null || udevadm test-builtin net_setup_link /sys/class/net/lo
    SYSTEMD_LOG_LEVEL=debug exec timeout 10 /usr/lib/systemd/systemd-networkd' read "$gw_draft/all" "$gw_networks" \
    </dev/null >"$gw_draft/said" 2>&1 3>&- &
  gw_reader=$!
  # What it does when it has read them all is to look at its network; since systemd 257 only its debug level says so.
  sed '/^Enumeration completed/q' <"$gw_draft/said" >"$gw_draft/words"
  kill "$gw_reader" 2>/dev/null
  wait "$gw_reader" 2>/dev/null
  grep -q '^Enumeration completed' "$gw_draft/words" || {
    echo "systemd-networkd could not be asked about the new files:"
    tail -n 5 "$gw_draft/words"
    return 1
  }
  ! grep -F "$gw_networks/$name." "$gw_draft/words" | grep -i ignoring
}

# Deletes the device of a .netdev that is not to stay as it is: networkd never changes one that is there. Sets gw_gone
# to one that stood on another.
network_obsolete() { # FOLDER of what is to come
  gw_gone=''
  [ -f "$gw_networks/$name.netdev" ] || return 0
  ! cmp -s "$gw_networks/$name.netdev" "$1/$name.netdev" || return 0
  gw_old=$(network_device "$gw_networks/$name.netdev")
  [ -n "$live" ] && [ -n "$gw_old" ] && [ -e "/sys/class/net/$gw_old" ] && network_running || return 0
  for gw_lower in "/sys/class/net/$gw_old"/lower_*; do
    [ ! -e "$gw_lower" ] || gw_gone=$gw_old
  done
  read -r gw_number <"/sys/class/net/$gw_old/ifindex"
  limit networkctl delete "$gw_old"
  # Until networkd has seen that it is gone, it would take the new file for one of a device that is there.
  gw_tries=20
  while [ -e "$gw_networkd/$gw_number" ] && [ "$gw_tries" -gt 0 ]; do
    gw_tries=$((gw_tries - 1))
    sleep 0.1
  done
}

network_device() { # FILE: prints its device's name
  awk -F= '
    { gsub(/^[ \t]+|[ \t\r]+$/, "") }
    /^\[/ { here = $0 == "[NetDev]"; next }
    here && $1 ~ /^Name[ \t]*$/ { gsub(/[ \t]/, "", $2); print $2; exit }
  ' "$1"
}

network_install() {
  if [ -f "$gw_draft/all/$name.$gw_suffix" ]; then
    made_again "$gw_networks/$name" && new_beside "$gw_networks/$name.$gw_suffix" &&
      cp -p "$gw_draft/all/$name.$gw_suffix" "$gw_new" && put_in_place "$gw_new" "$gw_networks/$name.$gw_suffix"
  else
    rm -f "$gw_networks/$name.$gw_suffix"
  fi
}

# networkd configures the links anew whose .network is another one now. udev looks at a link when it appears.
network_reload() {
  [ ! -S /run/udev/control ] || limit udevadm control --reload || return
  if [ -n "$gw_gone" ]; then network_restart; else limit networkctl reload; fi
}

# Of a device that stands on another one, networkd keeps the settings for as long as it runs.
network_restart() {
  limit systemctl restart systemd-networkd.service || return
  [ -f "$gw_networks/$name.netdev" ] || return 0
  gw_tries=20
  while [ ! -e "/sys/class/net/$gw_gone" ] && [ "$gw_tries" -gt 0 ]; do
    gw_tries=$((gw_tries - 1))
    sleep 0.1
  done
}

# What failed before is tried again.
network_again() {
  network_links failed
  # shellcheck disable=SC2086 # names of devices
  [ -z "$gw_links" ] || limit networkctl reconfigure $gw_links
}

# Waits until the links are configured, as far as that comes to an end: a link without a cable or a DHCP server may not.
network_settled() {
  gw_tries=50
  sleep 0.3
  network_links pending initialized configuring
  while [ -n "$gw_links" ] && [ "$gw_tries" -gt 0 ]; do
    gw_tries=$((gw_tries - 1))
    sleep 0.2
    network_links pending initialized configuring
  done
}

# --- capture, restore ---

network_capture() {
  made_note "$gw_networks/$name"
  [ -z "$live" ] || network_note_live || return 1
  for gw_suffix in network netdev link; do
    gw_old=$gw_networks/$name.$gw_suffix
    [ ! -e "$gw_old" ] && [ ! -L "$gw_old" ] || cp -a "$gw_old" "$capture/$name.$gw_suffix" || return 1
  done
  limit ip -o address show >"$capture/addresses" && limit ip -4 route show >"$capture/routes4" &&
    limit ip -6 route show >"$capture/routes6" || {
    gw_code=$?
    answered "$gw_code" ip
    return "$gw_code"
  }
}

# A device that one definition made goes with the item, though a later one leaves devices alone.
network_note_live() {
  true >"$capture/live" || return 1
  [ ! -e "$gw_root/baseline/$gw_hash/item" ] || true >"$gw_root/baseline/$gw_hash/live"
}

network_has_content() { :; }

network_restore() { in_turn networkd network_back; }

network_back() {
  [ ! -e "$capture/live" ] || live=yes
  network_links
  # An interruption must find them again.
  [ -f "$capture/links" ] || printf '%s\n' "$gw_links" >"$capture/links"
  network_obsolete "$capture"
  for gw_suffix in network netdev link; do
    gw_old=$gw_networks/$name.$gw_suffix
    if [ -e "$capture/$name.$gw_suffix" ] || [ -L "$capture/$name.$gw_suffix" ]; then
      made_again "$gw_old" && copy_in_place "$capture/$name.$gw_suffix" "$gw_old" || return 1
    else
      rm -f "$gw_old" || return 1
    fi
  done
  made_tidy "$gw_networks/$name"
  network_running || {
    answered $? systemctl
    return
  }
  network_reload && network_again && network_settled && network_unmanaged
}

# A link that no .network is about any more: what set it up before will not come by again.
network_unmanaged() {
  read -r gw_links <"$capture/links"
  for gw_link in $gw_links; do
    [ -e "/sys/class/net/$gw_link" ] || continue
    read -r gw_number <"/sys/class/net/$gw_link/ifindex"
    ! grep -qs '^NETWORK_FILE=' "$gw_networkd/$gw_number" || continue
    network_by_hand "$gw_link" || return 1
  done
}

# Puts addresses and routes back that the kernel did not make by itself.
network_by_hand() { # LINK
  awk -v link="$1" '$2 == link && !/ scope link / && !($3 == "inet6" && / dynamic /) {
    without_check = / nodad / ? " nodad" : ""
    sub(/^[^ ]+ +[^ ]+ +[^ ]+ +/, "")
    sub(/ scope .*/, without_check)
    sub(/ metric [0-9]+/, "")
    print
  }' "$capture/addresses" >"$gw_run/by-hand"
  limit ip link set dev "$1" up || return 1
  while read -r gw_line; do
    # shellcheck disable=SC2086 # words of ip
    limit ip address replace $gw_line dev "$1" </dev/null || return 1
  done <"$gw_run/by-hand"
  for gw_family in 4 6; do
    grep " dev $1 " "$capture/routes$gw_family" | grep -v ' proto kernel\| proto ra' |
      sed 's/ linkdown\| dead\| pref [a-z]*\| expires [0-9a-z]*//g' >"$gw_run/by-hand"
    while read -r gw_line; do
      # shellcheck disable=SC2086
      limit ip "-$gw_family" route replace $gw_line </dev/null || return 1
    done <"$gw_run/by-hand"
  done
}
