# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# nftablesTable: family name; data is the transaction that loads the table
#
# /etc/groundwork/tables.d/FAMILY-NAME.nft  the transaction, for the next boot too
# /var/lib/groundwork/tables/FAMILY-NAME    digest of nft's own listing of the table as it was loaded, then the sets
#                                           whose elements belong to it, one a line

nftablesTable_places() {
  gw_boot_unit=groundwork-table-$family-$name.service
  gw_definition=$gw_firewall/tables.d/$family-$name.nft
  gw_unit_file=/etc/systemd/system/$gw_boot_unit
  gw_unit_link=/etc/systemd/system/sysinit.target.wants/$gw_boot_unit
  gw_listed=$gw_root/tables/$family-$name
}

nftablesTable_observe() {
  nftablesTable_places
  gw_digest=none gw_boot=no gw_live=absent
  if [ -f "$gw_definition" ]; then
    gw_digest=$(sha256sum <"$gw_definition")
    gw_digest=${gw_digest%% *}
  fi
  [ ! -f "$gw_unit_file" ] || [ "$(cat "$gw_unit_file")" != "$(nftablesTable_unit)" ] ||
    [ "$(readlink "$gw_unit_link")" != "../$gw_boot_unit" ] || gw_boot=yes
  if nftablesTable_list; then
    gw_live=changed
    gw_loaded=''
    [ ! -f "$gw_listed" ] || read -r gw_loaded <"$gw_listed"
    [ "$(nftablesTable_digest)" != "$gw_loaded" ] || gw_live=as-loaded
  elif overdue $?; then
    gw_live=unknown
  fi
  observed="sha256=$gw_digest boot=$gw_boot live=$gw_live"
}

# Loads the table before any network is up; it has no stop: only the item takes the table away.
nftablesTable_unit() {
  printf '%s\n' '[Unit]' "Description=Table $family $name" 'Documentation=man:nft(8)' 'DefaultDependencies=no' \
    'RequiresMountsFor=/etc /usr' 'Wants=network-pre.target' 'After=nftables.service' \
    'Before=network-pre.target shutdown.target' 'Conflicts=shutdown.target' '' \
    '[Service]' 'Type=oneshot' 'RemainAfterExit=yes' "ExecStart=/usr/sbin/nft -f $gw_definition"
}

nftablesTable_list() { # into $gw_run/listing; fails without a table
  firewall_nft --stateless list table "$family" "$name" </dev/null >"$gw_run/listing" 2>/dev/null
}

# Elements that come and go at run time are left out: those of every set that is not among the loaded ones.
nftablesTable_digest() { # prints it
  gw_sets=$gw_listed
  [ -f "$gw_sets" ] || gw_sets=/dev/null
  gw_sum=$(nftablesTable_awk task=print "$gw_sets" "$gw_run/listing" | sha256sum)
  printf '%s\n' "${gw_sum%% *}"
}

#   task=sets /dev/null LISTING  prints the sets that have elements which nothing takes out again
#   task=print SETS LISTING      prints the listing without the elements of other sets
nftablesTable_awk() { # ARGUMENTS
  awk '
    FILENAME == ARGV[2] { fixed[$1] = 1; next }
    $1 == "set" || $1 == "map" { set = $2; passing = 0 }
    $1 == "timeout" || ($1 == "flags" && /dynamic|timeout/) { passing = 1 }
    $1 == "elements" {
      inside = 1
      if (task == "sets" && !passing) print set
    }
    task == "print" && (!inside || set in fixed)
    inside && /}$/ { inside = 0 }
  ' "$@"
}

nftablesTable_apply() { firewall_locked nftablesTable_load; }

nftablesTable_load() {
  nftablesTable_places
  command -v nft >/dev/null || {
    echo "there is no nft here: the package nftables brings it"
    return 1
  }
  gw_new=$gw_definition.groundwork-$gw_owner
  made_again "$gw_definition" && made_again "$gw_unit_link" && data >"$gw_new" && firewall_nft -c -f "$gw_new" || {
    gw_code=$?
    rm -f "$gw_new"
    return "$gw_code"
  }
  nftablesTable_unit >"$gw_unit_file.groundwork-$gw_owner" &&
    put_in_place "$gw_new" "$gw_definition" &&
    put_in_place "$gw_unit_file.groundwork-$gw_owner" "$gw_unit_file" &&
    systemd_want "../$gw_boot_unit" "$gw_unit_link" &&
    firewall_nft -f "$gw_definition" && nftablesTable_record
}

nftablesTable_record() {
  mkdir -p "$gw_root/tables" && nftablesTable_list || return
  nftablesTable_awk task=sets /dev/null "$gw_run/listing" >"$gw_run/sets"
  gw_sum=$(nftablesTable_awk task=print "$gw_run/sets" "$gw_run/listing" | sha256sum)
  {
    printf '%s\n' "${gw_sum%% *}"
    cat "$gw_run/sets"
  } >"$gw_listed.new" && mv -f "$gw_listed.new" "$gw_listed"
}

nftablesTable_files() { # COMMAND: for each file with its name in the capture
  "$1" "$gw_definition" definition && "$1" "$gw_unit_file" unit && "$1" "$gw_unit_link" link
}

nftablesTable_save() { # FILE NAME
  [ ! -e "$1" ] && [ ! -L "$1" ] || cp -a "$1" "$capture/$2"
}

nftablesTable_put() { # FILE NAME
  if [ -e "$capture/$2" ] || [ -L "$capture/$2" ]; then
    made_again "$1" && copy_in_place "$capture/$2" "$1"
  else
    rm -f "$1" "$1.groundwork-$gw_owner" && made_tidy "$1"
  fi
}

nftablesTable_capture() {
  nftablesTable_places
  nftablesTable_files nftablesTable_save && nftablesTable_save "$gw_listed" listed || return
  firewall_nft list table "$family" "$name" </dev/null >"$capture/live" 2>/dev/null || {
    gw_code=$?
    rm -f "$capture/live"
    answered "$gw_code" nft
    return
  }
  # What iptables made may list as what nft does not take back.
  firewall_instead "$family" "$name" "$capture/live" >"$gw_run/nft"
  firewall_nft -c -f "$gw_run/nft" || {
    echo "table $family $name is there, and nft could not load it again from its own listing"
    return 1
  }
}

nftablesTable_restore() { firewall_locked nftablesTable_back; }

nftablesTable_back() {
  nftablesTable_places
  nftablesTable_files nftablesTable_put || return
  if [ -f "$capture/listed" ]; then
    mkdir -p "$gw_root/tables" && cp "$capture/listed" "$gw_listed" || return 1
  else
    rm -f "$gw_listed"
    rmdir "$gw_root/tables" 2>/dev/null || :
  fi
  command -v nft >/dev/null || return 0
  firewall_instead "$family" "$name" "$capture/live" >"$gw_run/nft"
  firewall_nft -f "$gw_run/nft"
}
