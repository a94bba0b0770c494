# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# sysctl: name value; effective value under /proc/sys and drop-in for the next boot

sysctl_paths() { # NAME: sets gw_proc and gw_dropin without a process; a slash in a name stands for a dot (sysctl.d(5))
  gw_rest=$1 gw_proc=/proc/sys
  gw_ifs=$IFS
  IFS=.
  for gw_part in $gw_rest; do
    case $gw_part in
      */*) gw_part=${gw_part%%/*}.${gw_part#*/} ;;
    esac
    gw_proc=$gw_proc/$gw_part
  done
  IFS=$gw_ifs
  gw_slashless=$1
  case $1 in
    */*) gw_slashless=${1%%/*}_${1#*/} ;;
  esac
  gw_dropin=/etc/sysctl.d/99-groundwork-$gw_slashless.conf
}

sysctl_observe() {
  sysctl_paths "$name"
  if [ ! -e "$gw_proc" ]; then
    observed=unknown
    return
  fi
  gw_live=''
  # The kernel separates words by tabs; echo of unquoted words joins them by one space.
  while read -r gw_word; do
    gw_live=$gw_live${gw_live:+ }$gw_word
  done <"$gw_proc"
  case $gw_live in
    *"$gw_tab"*)
      # shellcheck disable=SC2086
      set -f -- $gw_live
      set +f
      gw_live=$*
      ;;
  esac
  gw_boot=none
  if [ -f "$gw_dropin" ]; then
    read -r gw_line <"$gw_dropin" || :
    gw_boot=${gw_line#"$name = "}
  fi
  observed="value=$gw_live boot=$gw_boot"
}

sysctl_apply() {
  sysctl_paths "$name"
  [ -e "$gw_proc" ] || {
    echo "this kernel has no setting $name"
    return 1
  }
  mkdir -p /etc/sysctl.d
  printf '%s = %s\n' "$name" "$value" >"$gw_dropin.groundwork-new" || return 1
  chmod 644 "$gw_dropin.groundwork-new"
  mv -f "$gw_dropin.groundwork-new" "$gw_dropin"
  printf '%s\n' "$value" >"$gw_proc"
}

sysctl_capture() {
  sysctl_paths "$name"
  [ ! -f "$gw_dropin" ] || cp -a "$gw_dropin" "$capture/dropin"
  [ ! -e "$gw_proc" ] || cat "$gw_proc" >"$capture/value"
}

sysctl_restore() {
  sysctl_paths "$name"
  if [ -e "$capture/dropin" ]; then
    cp -a "$capture/dropin" "$gw_dropin"
  else
    rm -f "$gw_dropin"
  fi
  [ ! -e "$capture/value" ] || cat "$capture/value" >"$gw_proc"
}
