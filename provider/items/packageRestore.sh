# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# package: how it goes or comes back, with what came along and what had to give way

package_restore() {
  gw_seconds=$time_limit
  package_settle
  if [ -f "$capture/before" ]; then
    package_differences "$capture/before" >>"$capture/packages" && sync "$capture/packages" && rm -f "$capture/before"
  fi
  read -r gw_was gw_was_version gw_was_hold <"$capture/was"
  package_look "$name" || return
  package_take "$name"
  case $gw_was/$gw_state in
    absent/absent | removed/absent | removed/removed) return 0 ;;
    absent/*) package_take_away --purge ;;
    removed/*) package_take_away --remove ;;
    installed/*) package_back ;;
  esac
}

# dpkg refuses what others need; those may be taken away later, and this one with them in the second pass.
package_take_away() { # --purge|--remove
  package_tool dpkg "$1" -- "$name" && return
  gw_code=$?
  grep -q 'dependency problems' "$gw_run/tool" && package_tool apt-mark auto -- "$name" || return "$gw_code"
}

# Its version matters where another one was wanted, now or by an earlier definition.
package_back() {
  if [ "$gw_state" != installed ] || { package_pinned && [ "$gw_version" != "$gw_was_version" ]; }; then
    package_old || return
    [ ! -s "$capture/auto" ] || package_tool apt-mark auto -- "$name"
  fi
  package_look "$name" || return
  package_take "$name"
  [ "$gw_held" = "$gw_was_hold" ] || package_hold "$gw_was_hold" "$name"
}

package_pinned() { [ -n "$version" ] || [ -e "$capture/auto" ]; }

# First with what came along at its old version, then alone.
package_old() {
  package_kept "$name=$gw_was_version"
  gw_old=$gw_spec
  set --
  package_words changed
  for gw_word in $gw_words; do
    package_kept "$gw_word"
    [ "${gw_word%%=*}" = "$name" ] || set -- "$@" "$gw_spec"
  done
  [ $# -gt 0 ] && package_apt install --allow-downgrades --allow-change-held-packages -- "$gw_old" "$@" ||
    package_apt install --allow-downgrades --allow-change-held-packages -- "$gw_old" ||
    { package_update && package_apt install --allow-downgrades --allow-change-held-packages -- "$gw_old"; } || return
  # shellcheck disable=SC2086
  package_marks $gw_words
}

package_kept() { # NAME=VERSION: sets gw_spec to its archive, or without one to itself
  gw_spec=$1
  gw_name=${1%%=*}
  for gw_archive in "$capture/${gw_name%:*}_$(package_escaped "${1#*=}")"_*.deb; do
    [ ! -f "$gw_archive" ] || gw_spec=$gw_archive
  done
}

package_marks() { # NAME=VERSION…: as they were
  gw_marked=''
  for gw_word in "$@"; do
    ! grep -qsxF -e "${gw_word%%=*}" "$capture/automatic" || gw_marked="$gw_marked ${gw_word%%=*}"
  done
  # shellcheck disable=SC2086
  [ -z "$gw_marked" ] || package_tool apt-mark auto -- $gw_marked
}

package_words() { # KIND of difference: sets gw_words
  gw_words=''
  [ -f "$capture/packages" ] || return 0
  while read -r gw_word gw_rest; do
    [ "$gw_word" != "$1" ] || gw_words="$gw_words $gw_rest"
  done <"$capture/packages"
}

# Once all is back: what came along and nobody needs goes, and what had to give way returns.
package_after_restore() {
  gw_seconds=$time_limit
  read -r gw_was _ <"$capture/was"
  package_words new
  [ "$gw_was" = installed ] || gw_words="$name $gw_words"
  # shellcheck disable=SC2086
  package_leftover $gw_words
  ! grep -qsxF -e "$capture" "$gw_transaction/order" || package_others_back
  package_words gone
  # shellcheck disable=SC2086
  package_returning $gw_words
}

# The operation failed: what it replaced besides gets its old version, unless somebody wants or needs the new one.
# Where an item is given back one day, its upgrades since then stay.
package_others_back() {
  package_words changed
  gw_others=''
  set --
  for gw_other in $gw_words; do
    gw_name=${gw_other%%=*}
    package_look "${gw_name%:*}" || return
    package_take "${gw_name%:*}"
    [ "$gw_state" = installed ] && [ "$gw_version" != "${gw_other#*=}" ] && ! still_claimed "package:$gw_name" || continue
    package_kept "$gw_other"
    set -- "$@" "$gw_spec"
    gw_others="$gw_others $gw_name=$gw_version"
  done
  [ $# -gt 0 ] || return 0
  if package_apt install --no-remove --allow-downgrades --allow-change-held-packages -- "$@"; then
    # shellcheck disable=SC2086
    package_marks $gw_words
  else
    report kept "${gw_others# } $gw_key"
  fi
}

package_leftover() { # NAME…
  package_present "$@"
  [ -n "$gw_present" ] || return 0
  gw_installed=$gw_present
  limit apt-get -s autoremove --purge -o APT::AutoRemove::RecommendsImportant=false \
    -o APT::AutoRemove::SuggestsImportant=false </dev/null >"$gw_run/removable" 2>/dev/null
  # shellcheck disable=SC2086 # names
  package_leaving package_purge $gw_installed
  [ "$gw_was" != installed ] || return 0
  package_present "$name"
  [ -z "$gw_present" ] || still_claimed "package:$name" || report kept "$name $gw_key"
}

# Purges those that nobody needs nor wants.
package_purge() { # NAME…
  for gw_word; do
    shift
    grep -qF "Purg $gw_word [" "$gw_run/removable" || continue
    if still_claimed "package:$gw_word"; then
      package_hand_over "$gw_word"
    else
      set -- "$@" "$gw_word"
    fi
  done
  [ $# -eq 0 ] || package_tool dpkg --purge -- "$@" 9>&-
}

# What came along with another package goes with it as long as nobody wants it: who comes to want it looks once more when
# that can be seen, and not between the question and the purge.
package_claimed() {
  # shellcheck disable=SC2086 # numbers
  [ -z "${gw_items_package-}" ] || package_leaving observe_these $gw_items_package
}

package_leaving() { # COMMAND…
  locks_make
  exec 9>"$gw_locks/packages"
  flock 9
  "$@"
  exec 9>&-
}

# It came along with what goes now, and somebody came to want it: who wants it last takes it away.
package_hand_over() { # NAME
  gw_sum=$(printf 'package:%s' "$1" | sha256sum)
  gw_baseline=$gw_root/baseline/$(printf '%.32s' "$gw_sum")
  package_tool apt-mark manual -- "$1" 9>&-
  [ -f "$gw_baseline/was" ] || return 0
  printf 'absent - no\n' >"$gw_baseline/was"
  # shellcheck disable=SC2086 # neither names nor versions hold blanks or patterns
  printf 'new %s\n' $gw_installed >>"$gw_baseline/packages"
}

package_present() { # NAME…: sets gw_present to those that are installed
  gw_present=''
  package_look "$@" || return
  for gw_word in "$@"; do
    package_take "${gw_word%:*}"
    case $gw_state in
      installed | broken) gw_present="$gw_present $gw_word" ;;
    esac
  done
}

# Unless something that stays is in its way still: then that item's own restore brings it back.
package_returning() { # NAME=VERSION…
  for gw_gone in "$@"; do
    package_present "${gw_gone%%=*}"
    [ -z "$gw_present" ] || continue
    package_kept "$gw_gone"
    package_apt install --no-remove -- "$gw_spec" || package_apt install --no-remove -- "${gw_gone%%=*}" ||
      grep -q 'remove is disabled' "$gw_run/tool" ||
      printf '%s: %s could not be installed again' "$gw_key" "$gw_gone" | report_text unrestored
    package_marks "$gw_gone"
  done
}
