# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034,SC2015 # the engine sets the item's variables and reads $observed
# kernelParameter: name word (the name, or NAME=VALUE); a drop-in of GRUB's settings and the generated configuration

gw_grub=/boot/grub/grub.cfg

# The last word of a name counts, and this one is appended behind all others of the normal entries.
kernelParameter_dropin() {
  gw_dropin=/etc/default/grub.d/99-zz-groundwork-$name.cfg
  gw_text="GRUB_CMDLINE_LINUX_DEFAULT=\"\$GRUB_CMDLINE_LINUX_DEFAULT $word\""
}

kernelParameter_observe() {
  kernelParameter_dropin
  if ! dropIn_holds "$gw_dropin" "$gw_text"; then
    observed=boot=none
  elif ! kernelParameter_generated; then
    observed=boot=stale
  else
    observed=boot=$word
  fi
}

# True when every normal entry for a kernel of this system gives the word, and gives no other one of its name after it.
kernelParameter_generated() {
  awk -v name="$name" -v word="$word" '
    /^### BEGIN \/etc\/grub.d\/10_linux/ { inside = 1 }
    /^### END/ { inside = 0 }
    inside && $1 ~ /^linux(16|efi)?$/ {
      last = ""
      for (i = 3; i <= NF; i++) {
        if ($i == "single" || $i == "recovery") next
        if ($i == name || index($i, name "=") == 1) last = $i
      }
      seen = 1
      if (last != word) wrong = 1
    }
    END { exit !(seen && !wrong) }
  ' "$gw_grub" 2>/dev/null
}

# True when the running kernel was started without it.
kernelParameter_pending() {
  read -r gw_rest </proc/cmdline
  gw_last=''
  set -f
  for gw_word in $gw_rest; do
    case $gw_word in
      "$name" | "$name="*) gw_last=$gw_word ;;
    esac
  done
  set +f
  [ "$gw_last" != "$word" ]
}

kernelParameter_apply() {
  kernelParameter_dropin
  if [ ! -d "${gw_grub%/*}" ] || ! command -v grub-mkconfig >/dev/null; then
    echo "parameters are given by GRUB, and this machine has no grub-mkconfig or no ${gw_grub%/*}"
    return 1
  fi
  dropIn_write "$gw_dropin" "$gw_text" && kernelParameter_generate
}

# What update-grub does, but for its last step: that writes over the old configuration, and a machine that lost its
# power in the middle would not boot. Under dpkg's lock, since packages of kernels generate it too.
kernelParameter_generate() {
  # shellcheck disable=SC2016 # expanded by the inner shells
  locked dpkg sh -c '
    timeout -k 5 "$1" sh -c "$2" generate "$3" "$4" && exit
    code=$?
    rm -f "$3" "$3.new"
    exit "$code"
  ' turn "$time_limit" '
    rm -f "$1" && grub-mkconfig -o "$1" || exit 1
    [ ! -e "$2" ] || chmod --reference="$2" "$1" || exit 1
    sync -f "$1" && mv -fT "$1" "$2" && sync -f "${2%/*}"
  ' "$gw_grub.groundwork" "$gw_grub" </dev/null
}

kernelParameter_capture() {
  kernelParameter_dropin
  dropIn_capture "$gw_dropin" dropin
}

kernelParameter_restore() {
  kernelParameter_dropin
  dropIn_restore "$gw_dropin" dropin || return 1
  [ ! -d "${gw_grub%/*}" ] || ! command -v grub-mkconfig >/dev/null || kernelParameter_generate
}
