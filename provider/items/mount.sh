# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2015 # the engine sets the item's variables and reads $observed
# mount: what where type options; path of its unit and the target that wants it; data is the unit's text

mount_link() { gw_link=/etc/systemd/system/$target.wants/$unit; }

# Sets gw_mounted to the type, options and source of what is mounted there, topmost last; empty where nothing is.
# The kernel's table alone is asked: a server that does not answer holds nobody up.
mount_live() {
  gw_mounted=$(limit findmnt -rn -o FSTYPE,OPTIONS,SOURCE -M "$where" 2>/dev/null) || answered $? findmnt || return
  gw_mounted=${gw_mounted##*"$gw_newline"}
}

mount_observe() {
  mount_link
  gw_boot=no
  [ ! -L "$gw_link" ] || gw_boot=yes
  file_observe
  gw_state=unknown
  ! mount_live || mount_judge
  observed="mounted=$gw_state boot=$gw_boot $observed"
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
  gw_wanted_by=${gw_link%/*}
  file_apply && mkdir -p "$gw_wanted_by" && ln -sfn "$path" "$gw_link" || return 1
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

mount_capture() {
  mount_link
  file_capture && dropIn_capture "$gw_link" link && mount_live || return
  # What is mounted there is not looked at: its server may be gone.
  if [ -z "$gw_mounted" ]; then
    made_note "$where/."
  else
    printf '%s\n' "$gw_mounted" >"$capture/mounted" || return 1
    limit findmnt -n -o SOURCE -M "$where" | tail -n 1 >"$capture/source"
  fi
}

mount_restore() {
  mount_link
  gw_before=''
  [ ! -e "$capture/mounted" ] || IFS= read -r gw_before <"$capture/mounted"
  mount_live || return
  if [ -n "$gw_mounted" ] && [ "$gw_mounted" != "$gw_before" ]; then
    limit umount -- "$where" || return
  fi
  dropIn_restore "$gw_link" link && file_restore || return 1
  systemd_reload_later
  systemd_reload || return
  if [ -z "$gw_before" ]; then
    made_tidy "$where/."
  elif [ "$gw_mounted" != "$gw_before" ]; then
    mount_before
  fi
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
