# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2015 # the engine sets the item's variables and reads $observed
# mount: what where type options; path of its unit and the target that wants it; data is the unit's text

gw_unit_files=/etc/systemd/system

mount_link() { gw_link=$gw_unit_files/$target.wants/$unit; }

# The targets that a mount may belong to: options and type say which, and may come to say otherwise.
mount_each_link() { # COMMAND: for each link with its name in the capture
  "$1" "$gw_unit_files/local-fs.target.wants/$unit" links/local-fs.target &&
    "$1" "$gw_unit_files/remote-fs.target.wants/$unit" links/remote-fs.target
}

# Sets gw_mounted to the type, options and source of what is mounted there, topmost last; empty where nothing is.
# The kernel's table alone is asked: a server that does not answer holds nobody up.
mount_live() {
  gw_mounted=$(limit findmnt -rn -o FSTYPE,OPTIONS,SOURCE -M "$where" 2>/dev/null) || answered $? findmnt || return
  gw_mounted=${gw_mounted##*"$gw_newline"}
}

mount_observe() {
  mount_link
  mount_boot
  file_observe
  gw_state=unknown
  ! mount_live || mount_judge
  observed="mounted=$gw_state boot=$gw_boot $observed"
}

# Sets gw_boot to yes when the one target wants it, and to the other one's link where that is there.
mount_boot() {
  gw_boot=no
  [ ! -L "$gw_link" ] || gw_boot=yes
  mount_each_link mount_boot_other
}

mount_boot_other() { # LINK NAME
  [ "$1" = "$gw_link" ] || [ ! -L "$1" ] || gw_boot=${2#links/}
}

# Sets gw_state: yes, no, options=LIVE, or other=TYPE,SOURCE.
mount_judge() {
  gw_state=no
  [ -n "$gw_mounted" ] || return 0
  gw_type=${gw_mounted%% *} gw_source=${gw_mounted#* }
  gw_live=${gw_source%% *} gw_source=${gw_source#* }
  gw_state=yes
  if ! mount_is_type || ! mount_is_source; then
    gw_state=other=$gw_type,$gw_source
  elif ! mount_has_options; then
    gw_state=options=$gw_live
  fi
}

mount_is_type() {
  case $type/$gw_type in
    none/* | auto/* | nfs/nfs4) return 0 ;;
  esac
  [ "$type" = "$gw_type" ]
}

# A device has many names; what is bound, or lies in a file, is shown under its device.
mount_is_source() {
  case ",$options," in
    *,bind,* | *,rbind,* | *,loop,* | *,loop=*) return 0 ;;
  esac
  gw_device=$what
  case $what in
    UUID=* | LABEL=* | PARTUUID=* | PARTLABEL=*) gw_device=$(limit findfs "$what") || return 1 ;;
    /dev/*) ;;
    /*) return 0 ;;
    # findmnt writes other signs as codes.
    *[!!-~]*) return 0 ;;
    *)
      [ "$gw_source" = "$what" ]
      return
      ;;
  esac
  [ "$(readlink -f -- "$gw_device")" = "$(readlink -f -- "$gw_source")" ]
}

# Those that the kernel shows by the same name for every type. Writing is wanted unless it is not.
mount_has_options() {
  gw_flags=",$options,"
  case $gw_flags in
    *,ro,*) ;;
    *) gw_flags=",rw$gw_flags" ;;
  esac
  for gw_flag in ro rw nosuid nodev noexec noatime nodiratime sync; do
    case $gw_flags in
      *",$gw_flag,"*) ;;
      *) continue ;;
    esac
    case ",$gw_live," in
      *",$gw_flag,"*) ;;
      *) return 1 ;;
    esac
  done
}

mount_apply() {
  mount_link
  file_apply && systemd_want "$path" "$gw_link" && mount_each_link mount_unlink_other || return 1
  systemd_reload_later
  systemd_reload || return
  mount_live || return
  mount_judge
  case $gw_state in
    yes) return 0 ;;
    no) limit mkdir -p -- "$where" && gw_verb=start || return ;;
    options=*) gw_verb=reload ;;
    *) gw_verb=restart ;;
  esac
  limit systemctl "$gw_verb" -- "$unit" || {
    gw_code=$?
    limit journalctl -q --no-pager -n 5 -o cat -u "$unit"
    return "$gw_code"
  }
}

mount_unlink_other() { # LINK
  [ "$1" = "$gw_link" ] || [ ! -L "$1" ] || { rm -f "$1" && made_tidy "$1"; }
}

mount_capture() {
  mount_link
  mkdir -p "$capture/links" && file_capture && mount_each_link mount_capture_link && mount_live || return
  # What is mounted there is not looked at: its server may be gone.
  if [ -z "$gw_mounted" ]; then
    made_note "$where/."
  else
    printf '%s\n' "$gw_mounted" >"$capture/mounted" || return 1
    limit findmnt -n -o SOURCE -M "$where" | tail -n 1 >"$capture/source"
  fi
}

# A link that is not there and that this mount does not make needs no mark of its folder.
mount_capture_link() { # LINK NAME
  [ "$1" != "$gw_link" ] && [ ! -e "$1" ] && [ ! -L "$1" ] || dropIn_capture "$1" "$2"
}

# Files go back in every case: a mount that is busy keeps nothing else where it is.
mount_restore() {
  mount_links_back && file_restore || return 1
  systemd_reload_later
  gw_before=''
  [ ! -e "$capture/mounted" ] || IFS= read -r gw_before <"$capture/mounted"
  mount_live && mount_away
  gw_away=$?
  systemd_reload || return
  [ "$gw_away" -eq 0 ] || return "$gw_away"
  if [ -z "$gw_before" ]; then
    made_tidy "$where/."
  elif [ "$gw_mounted" != "$gw_before" ]; then
    if mount_stays; then mount_options_back; else mount_before; fi
  fi
}

mount_links_back() {
  if [ -d "$capture/links" ]; then
    mount_each_link dropIn_restore
  else
    # A capture of an earlier version knows the item's own link.
    mount_link
    dropIn_restore "$gw_link" link
  fi
}

# True when what is mounted is what was mounted before, whatever its options are.
mount_stays() { [ "${gw_mounted%% *} ${gw_mounted##* }" = "${gw_before%% *} ${gw_before##* }" ]; }

mount_away() { [ -z "$gw_mounted" ] || mount_stays || limit umount -- "$where"; }

# Changes them in place, as they were changed: nobody who uses it is disturbed, and nothing in it is lost. An option that
# was not set is named by its opposite. Of what is bound, only its own options: the others are its file system's.
mount_options_back() {
  gw_type=${gw_before%% *} gw_live=${gw_before#* }
  gw_live=${gw_live%% *} gw_source=${gw_before##* }
  gw_flags=remount
  case ",$options,$gw_source" in
    *,bind,* | *,rbind,* | *']') gw_flags=remount,bind ;;
  esac
  gw_flags=$gw_flags,suid,dev,exec,async,diratime
  case ",$gw_live," in
    *,relatime,* | *,noatime,*) ;;
    *) gw_flags=$gw_flags,strictatime ;;
  esac
  limit mount -t "$gw_type" -o "$gw_flags,$gw_live" -- "$(cat "$capture/source")" "$where"
}

# By the unit that it had, else as it was.
mount_before() {
  if [ "$(limit systemctl show -p LoadState --value -- "$unit" </dev/null)" = loaded ]; then
    limit systemctl start -- "$unit"
    return
  fi
  gw_type=${gw_before%% *} gw_live=${gw_before#* }
  limit mount -t "$gw_type" -o "${gw_live%% *}" -- "$(cat "$capture/source")" "$where"
}
