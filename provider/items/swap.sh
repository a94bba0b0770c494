# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# swap: path of fstab

gw_swaps=/proc/swaps
gw_meminfo=/proc/meminfo
gw_unit_files=/etc/systemd/system
# What a line of fstab that is ours to give back starts with.
gw_swap_mark='#groundwork '

swap_observe() {
  gw_active=no gw_at_boot=no
  [ -z "$(swap_active)" ] || gw_active=yes
  gw_units=$(swap_units) || gw_at_boot=unknown
  [ -z "$(swap_lines)$gw_units" ] || gw_at_boot=yes
  observed="active=$gw_active boot=$gw_at_boot"
}

# Places in use with their priorities; -2 and below are the kernel's own choice. Its names are escaped in octal.
swap_active() {
  [ ! -f "$gw_swaps" ] || awk 'NR > 1 { print $5, $1 }' "$gw_swaps"
}

# Numbers of the lines of fstab that are about swap.
swap_lines() {
  [ ! -f "$path" ] || awk '!/^[ \t]*#/ && $3 == "swap" { print NR }' "$path"
}

# Swap units that a boot or a device could start: files, and what generators made for fstab, partitions and zram.
swap_units() {
  limit systemctl list-unit-files --type=swap --plain --no-legend --no-pager </dev/null >"$gw_run/swaps" ||
    answered $? systemctl || return
  while read -r gw_unit gw_state _; do
    [ "$gw_state" = masked ] || printf '%s\n' "$gw_unit"
  done <"$gw_run/swaps"
}

# Nothing starts it again before it is off. Units of fstab go with their lines; the others are masked.
swap_apply() {
  swap_is_ours && swap_fits && in_turn fstab swap_comment && swap_reload && gw_units=$(swap_units) || return
  for gw_unit in $gw_units; do
    ln -sfT /dev/null "$gw_unit_files/$gw_unit" || return 1
  done
  swap_reload && swap_off
}

swap_is_ours() {
  ! limit systemd-detect-virt --container --quiet || {
    echo 'a container shares the swap of its host: turn it off there'
    return 1
  }
}

# What is swapped out has to come back into memory.
swap_fits() {
  awk '
    { kib[$1] = $2 }
    END {
      used = kib["SwapTotal:"] - kib["SwapFree:"]
      if (used <= kib["MemAvailable:"]) exit 0
      printf "%d MiB are swapped out, and only %d MiB of memory are available\n", used / 1024, kib["MemAvailable:"] / 1024
      exit 1
    }
  ' "$gw_meminfo"
}

swap_off() { [ -z "$(swap_active)" ] || limit swapoff -a; }

swap_reload() { locked systemd timeout -k 5 "$time_limit" systemctl daemon-reload </dev/null; }

swap_comment() {
  gw_numbers=$(swap_lines)
  [ -n "$gw_numbers" ] || return 0
  for gw_number in $gw_numbers; do printf '%ss/^/%s/\n' "$gw_number" "$gw_swap_mark"; done >"$gw_run/lines"
  swap_edit -f "$gw_run/lines"
}

swap_edit() { # ARGUMENTS of sed
  new_beside "$path"
  cp -pL "$path" "$gw_new" && sed "$@" "$path" >"$gw_new" && put_in_place "$gw_new" "$path"
}

swap_capture() {
  swap_active >"$capture/active" && mkdir "$capture/units" || return 1
  for gw_file in "$gw_unit_files"/*.swap; do
    [ ! -e "$gw_file" ] && [ ! -L "$gw_file" ] || cp -a "$gw_file" "$capture/units/" || return 1
  done
  file_capture
}

swap_restore() {
  in_turn fstab swap_uncomment && swap_unmask && swap_reload && swap_on
}

# The old file itself comes back unless somebody else changed it; then its lines are as they were about swap.
swap_uncomment() {
  [ -f "$capture/old" ] && [ -f "$path" ] || return 0
  sed "s/^$gw_swap_mark//" "$capture/old" >"$gw_run/fstab.old"
  sed "s/^$gw_swap_mark//" "$path" >"$gw_run/fstab"
  if cmp -s "$gw_run/fstab.old" "$gw_run/fstab"; then
    copy_in_place "$capture/old" "$path"
  elif grep -q "^$gw_swap_mark" "$capture/old"; then
    swap_comment
  else
    swap_edit "s/^$gw_swap_mark//"
  fi
}

swap_unmask() {
  for gw_file in "$gw_unit_files"/*.swap; do
    [ "$(readlink "$gw_file")" != /dev/null ] || rm -f "$gw_file" || return 1
  done
  cp -a "$capture/units/." "$gw_unit_files/"
}

# The places that were in use, at the priorities that somebody chose.
swap_on() {
  if [ ! -s "$capture/active" ]; then
    swap_off
    return
  fi
  gw_active=$gw_newline$(swap_active)$gw_newline gw_code=0
  while read -r gw_priority gw_place; do
    case $gw_active in
      *" $gw_place$gw_newline"*) continue ;;
    esac
    # The kernel's list writes blanks in octal.
    gw_place=$(printf '%b' "$gw_place")
    case $gw_priority in
      -*) limit swapon "$gw_place" </dev/null || gw_code=1 ;;
      *) limit swapon -p "$gw_priority" "$gw_place" </dev/null || gw_code=1 ;;
    esac
  done <"$capture/active"
  return "$gw_code"
}
