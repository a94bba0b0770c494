# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# sysctl: name value; effective value under /proc/sys and drop-in for the next boot

gw_sysctls=/proc/sys
gw_dropins=/etc/sysctl.d

# Sets gw_proc and gw_dropin without a process; a slash in a name stands for a dot (sysctl.d(5)).
sysctl_paths() { # NAME
  gw_rest=$1 gw_proc=$gw_sysctls
  gw_ifs=$IFS
  IFS=.
  for gw_part in $gw_rest; do
    sysctl_slashless "$gw_part" .
    gw_proc=$gw_proc/$gw_slashless
  done
  IFS=$gw_ifs
  # No name holds a colon: each has a file of its own.
  sysctl_slashless "$1" :
  gw_dropin=$gw_dropins/99-zz-groundwork-$gw_slashless.conf
}

# Where earlier versions put the drop-in of a name with slashes, which could be another name's place too. Sets gw_former.
sysctl_former() {
  case $name in
    */*) ;;
    *) return 1 ;;
  esac
  sysctl_slashless "$name" _
  gw_former=$gw_dropins/99-zz-groundwork-$gw_slashless.conf
}

sysctl_is_ours() { # FILE: sets gw_line to its first line
  [ -f "$1" ] && read -r gw_line <"$1" || return 1
  case $gw_line in
    "$name = "*) ;;
    *) return 1 ;;
  esac
}

sysctl_slashless() { # TEXT SIGN: sets gw_slashless to it with a sign for each slash
  gw_slashless=$1
  while :; do
    case $gw_slashless in
      */*) gw_slashless=${gw_slashless%%/*}$2${gw_slashless#*/} ;;
      *) return 0 ;;
    esac
  done
}

sysctl_observe() {
  sysctl_paths "$name"
  if [ -e "$gw_proc" ]; then
    # The shell's own read takes one byte at a time, which /proc/sys does not serve.
    sysctl_line "$(sysctl_steady "$gw_proc" cat "$gw_proc")"
  else
    observed=unknown
  fi
}

# Sets gw_words to a value with one space between its words; the kernel separates them by tabs.
sysctl_words() { # VALUE
  gw_words=$1
  case $gw_words in
    *[[:space:]]*)
      set -f
      # shellcheck disable=SC2086
      set -- $gw_words
      set +f
      gw_words=$*
      ;;
  esac
}

sysctl_line() { # VALUE: sets $observed
  sysctl_words "$1"
  gw_boot=none
  if [ -f "$gw_dropin" ]; then
    read -r gw_line <"$gw_dropin" || :
    gw_boot=${gw_line#"$name = "}
  elif sysctl_former && sysctl_is_ours "$gw_former"; then
    gw_boot=${gw_line#"$name = "}
  fi
  observed="value=$gw_words boot=$gw_boot"
}

# One process for all settings; it prints one line for each, in order.
sysctl_observe_many() {
  gw_many=$*
  gw_present=''
  set --
  for gw_i in $gw_many; do
    use_item "$gw_i"
    sysctl_paths "$name"
    if [ -e "$gw_proc" ]; then
      set -- "$@" "$gw_proc"
      gw_present="$gw_present $gw_i"
    else
      remember "$gw_i" unknown
    fi
  done
  [ $# -gt 0 ] || return 0
  # A setting that cannot be read, or has several lines, spoils the order: then each is observed by itself.
  sysctl_steady "$*" cat -- "$@" >"$gw_run/values" || return 0
  exec 5<"$gw_run/values"
  for gw_i in $gw_present; do
    use_item "$gw_i"
    sysctl_paths "$name"
    read -r gw_line <&5
    sysctl_line "$gw_line"
    remember "$gw_i" "$observed"
  done
  if read -r gw_line <&5; then
    for gw_i in $gw_present; do remember "$gw_i" ''; done
  fi
  exec 5<&-
}

sysctl_holds() { # VALUE
  gw_live=$(cat "$gw_proc" 2>/dev/null) || return 1
  sysctl_words "$gw_live"
  gw_live=$gw_words
  sysctl_words "$1"
  [ "$gw_live" = "$gw_words" ]
}

# A change of net.ipv4.ip_forward, by either of its two names, makes the kernel set every accept_redirects anew
# (ip-sysctl.rst of the kernel): they are put back, or another item's want would be undone. Until then, nobody looks at
# them and nobody writes one.
sysctl_write() { # VALUE
  case $gw_proc in
    "$gw_sysctls/net/ipv4/ip_forward" | "$gw_sysctls/net/ipv4/conf/all/forwarding")
      in_turn redirects sysctl_change sysctl_forward "$1"
      ;;
    *) sysctl_steady "$gw_proc" sysctl_change sysctl_put "$1" ;;
  esac
}

sysctl_steady() { # PATHS COMMAND…
  case $1 in
    *"$gw_sysctls"/net/ipv4/conf/*/accept_redirects*)
      shift
      in_turn redirects "$@"
      ;;
    *)
      shift
      "$@"
      ;;
  esac
}

# Writes nothing where nothing is to change: /proc/sys may be read-only.
sysctl_change() { # FUNCTION VALUE
  sysctl_holds "$2" || "$@"
}

sysctl_put() { printf '%s\n' "$1" >"$gw_proc"; } # VALUE

sysctl_forward() { # VALUE
  for gw_setting in "$gw_sysctls"/net/ipv4/conf/*/accept_redirects; do
    printf '%s %s\n' "$(cat "$gw_setting")" "$gw_setting"
  done >"$gw_run/redirects"
  sysctl_put "$1" || return 1
  while read -r gw_word gw_setting; do
    printf '%s\n' "$gw_word" >"$gw_setting"
  done <"$gw_run/redirects"
}

sysctl_apply() {
  sysctl_paths "$name"
  [ -e "$gw_proc" ] || {
    echo "this kernel has no setting $name: see its name, and that its module is loaded"
    return 1
  }
  [ -d "$gw_dropins" ] || mkdir -p "$gw_dropins" || return 1
  if is_prepared; then
    mv -fT "$gw_new" "$gw_dropin"
  else
    new_beside "$gw_dropin"
    sysctl_make && put_in_place "$gw_new" "$gw_dropin"
  fi && sysctl_leave_former && sysctl_write "$value"
}

sysctl_leave_former() { ! sysctl_former || ! sysctl_is_ours "$gw_former" || rm -f "$gw_former"; }

sysctl_prepare() {
  sysctl_paths "$name"
  new_hidden "$gw_dropin" && sysctl_make
}

sysctl_make() { printf '%s = %s\n' "$name" "$value" >"$gw_new"; }

# A capture holds `value` and `dropin`; of a name with slashes that is the former place, and `own` the present one.
sysctl_capture() {
  sysctl_paths "$name"
  if sysctl_former; then
    [ ! -f "$gw_dropin" ] || cp -a "$gw_dropin" "$capture/own" || return 1
    ! sysctl_is_ours "$gw_former" || cp -a "$gw_former" "$capture/dropin" || return 1
  else
    [ ! -f "$gw_dropin" ] || cp -a "$gw_dropin" "$capture/dropin" || return 1
  fi
  [ ! -e "$gw_proc" ] || sysctl_steady "$gw_proc" cat "$gw_proc" >"$capture/value"
}

sysctl_restore() {
  sysctl_paths "$name"
  if ! sysctl_former; then
    sysctl_put_back dropin "$gw_dropin" || return 1
  else
    sysctl_put_back own "$gw_dropin" || return 1
    # What is another name's there is that one's concern.
    if sysctl_is_ours "$capture/dropin" || sysctl_is_ours "$gw_former"; then
      sysctl_put_back dropin "$gw_former" || return 1
    fi
  fi
  # Settings go with their module or their interface.
  [ ! -e "$capture/value" ] || [ ! -e "$gw_proc" ] || sysctl_write "$(cat "$capture/value")"
}

sysctl_put_back() { # NAME-IN-CAPTURE PATH
  if [ -e "$capture/$1" ]; then
    copy_in_place "$capture/$1" "$2"
  else
    rm -f "$2" "$2.groundwork-$gw_owner"
  fi
}
