# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# package: name version hold
#
# A capture holds `was` (STATE VERSION HOLD), and once apt ran `packages`: what else that run
# installed (`new NAME`), removed (`gone NAME=VERSION`) or replaced (`changed NAME=VERSION`), with the archives of
# what was there, as far as they could still be had, and `automatic`: which of them were there for others only.

# --- what is there ---

package_look() { # NAME…: reads their states into gw_dpkg
  gw_dpkg=$(dpkg-query -W -f '${Package}\t${db:Status-Abbrev}\t${Architecture}\t${Version}\n' \
    -- "$@" 2>/dev/null </dev/null)
  gw_dpkg=$gw_newline$gw_dpkg$gw_newline
  package_native
}

package_native() { # sets gw_native, empty on a machine with one architecture
  gw_native=''
  [ ! -f /var/lib/dpkg/arch ] || read -r gw_native </var/lib/dpkg/arch
}

package_take() { # NAME: sets gw_state, gw_version, gw_held
  gw_rest=$gw_dpkg gw_state=absent gw_version=- gw_held=no
  while :; do
    case $gw_rest in
      *"$gw_newline$1$gw_tab"*) gw_rest=${gw_rest#*"$gw_newline$1$gw_tab"} ;;
      *) return 0 ;;
    esac
    gw_line=${gw_rest%%"$gw_newline"*}
    gw_rest=$gw_newline${gw_rest#*"$gw_newline"}
    gw_abbreviation=${gw_line%%"$gw_tab"*}
    gw_line=${gw_line#*"$gw_tab"}
    case ${gw_line%%"$gw_tab"*} in
      "$gw_native" | all | '') break ;;
    esac
    [ -n "$gw_native" ] || break
  done
  gw_version=${gw_line#*"$gw_tab"}
  case $gw_abbreviation in
    h*) gw_held=yes ;;
  esac
  case $gw_abbreviation in
    ??R) gw_state=broken ;;
    ?[iWt]*) gw_state=installed ;;
    ?c*) gw_state=removed ;;
    ?n*) gw_state=absent gw_version=- ;;
    *) gw_state=broken ;;
  esac
}

package_judge() { # sets $observed from what was taken
  case $gw_state in
    installed) observed="installed${version:+ version=$gw_version} hold=$gw_held" ;;
    removed) observed=absent ;;
    *) observed=$gw_state ;;
  esac
}

package_observe() {
  package_look "$name"
  package_take "$name"
  package_judge
}

package_observe_many() {
  gw_many=$*
  set --
  for gw_i in $gw_many; do
    use_item "$gw_i"
    set -- "$@" "$name"
  done
  package_look "$@"
  for gw_i in $gw_many; do
    use_item "$gw_i"
    package_take "$name"
    package_judge
    remember "$gw_i" "$observed"
    eval "gw_package_first_$gw_i=\"\$gw_state \$gw_version \$gw_held\""
  done
}

# --- capture ---

# What counts as "before" is the state before the first change of the run: one run of apt may bring several items.
package_capture() {
  eval "gw_first=\${gw_package_first_$gw_index-}"
  if [ -z "$gw_first" ]; then
    package_look "$name"
    package_take "$name"
    gw_first="$gw_state $gw_version $gw_held"
  fi
  printf '%s\n' "$gw_first" >"$capture/was"
  case $gw_index/$version/$gw_first in
    /* | *//* | */"installed $version "*) ;;
    */installed\ *) package_keep "$gw_first" ;;
  esac
}

# Another version is to come: keeps the old one's archive, and whether it was there for others only.
package_keep() { # STATE
  gw_version=${1#* }
  gw_version=${gw_version%% *}
  apt-mark showauto -- "$name" </dev/null >"$capture/auto"
  package_archive "$name" "$gw_version" "$capture"
}

# The sources may have dropped it. Then a restore can only try.
package_archive() { # NAME VERSION FOLDER
  for gw_archive in "/var/cache/apt/archives/$1_$(package_escaped "$2")"_*.deb; do
    [ ! -f "$gw_archive" ] || { cp "$gw_archive" "$3/" && return 0; }
  done
  (cd "$3" && limit apt-get -q -o APT::Sandbox::User=root download "$1=$2" </dev/null) || :
}

package_escaped() { # VERSION as in file names of archives
  case $1 in
    *:*) printf '%s%%3a%s' "${1%%:*}" "${1#*:}" ;;
    *) printf '%s' "$1" ;;
  esac
}

# --- apply ---

package_apply() {
  case $observed in
    "installed${version:+ version=$version} hold="*) ;;
    *) package_bring || return ;;
  esac
  package_look "$name"
  package_take "$name"
  [ "$gw_held" = "$hold" ] || package_hold "$hold" "$name"
}

package_hold() { # yes|no NAME…
  gw_verb=unhold
  [ "$1" = no ] || gw_verb=hold
  shift
  package_tool apt-mark "$gw_verb" -- "$@"
}

# Installs the current item, and the absent ones next to it that would each need their own run of apt.
package_bring() {
  gw_captures=$gw_capture gw_seconds=$time_limit gw_single=$name${version:+=$version} gw_specs='' gw_batch=''
  package_batch && package_before || return
  # shellcheck disable=SC2086 # neither names nor versions hold blanks or patterns
  package_install "$gw_single" $gw_specs
  gw_code=$?
  if [ "$gw_code" -ne 0 ] && [ -n "$gw_batch" ]; then
    gw_batch=''
    # shellcheck disable=SC2086
    package_drop_broken $gw_specs
    package_install "$gw_single"
    gw_code=$?
  fi
  package_record
  [ "$gw_code" -eq 0 ] && package_batch_done
}

# Captures the others now: when it is their turn, they are there already.
package_batch() {
  gw_at=$gw_index gw_at_observed=$observed gw_next=$gw_index
  for gw_number in $gw_items_package; do
    [ "$gw_number" -gt "$gw_at" ] || continue
    gw_next=$((gw_next + 1))
    [ "$gw_number" -eq "$gw_next" ] || break
    use_item "$gw_number"
    eval "observed=\$gw_observed_$gw_number"
    [ "$observed" = absent ] && [ -z "$gw_endangers" ] || continue
    capture_before || return
    gw_captures=$gw_captures$gw_newline$gw_capture
    gw_batch="$gw_batch $gw_number"
    gw_specs="$gw_specs $name${version:+=$version}"
    gw_seconds=$((gw_seconds + time_limit))
  done
  captures_seal || return
  use_item "$gw_at"
  observed=$gw_at_observed
}

# What is installed, for the record. Half of it would make every other package a new one.
package_before() {
  gw_first=${gw_captures%%"$gw_newline"*}
  package_list >"$gw_first/before.new" && put_in_place "$gw_first/before.new" "$gw_first/before"
}

# One that cannot be configured makes apt refuse the rest; it fails again when it is its turn.
package_drop_broken() { # NAME[=VERSION]…
  for gw_spec in "$@"; do
    package_look "${gw_spec%%=*}"
    package_take "${gw_spec%%=*}"
    [ "$gw_state" != broken ] || package_tool dpkg --purge -- "${gw_spec%%=*}"
  done
}

# The others changed in this run, too: what depends on them has to know.
package_batch_done() {
  gw_at=$gw_index
  set --
  for gw_number in $gw_batch; do
    use_item "$gw_number"
    [ "$hold" = no ] || set -- "$@" "$name"
  done
  [ $# -eq 0 ] || package_hold yes "$@"
  for gw_number in $gw_batch; do
    use_item "$gw_number"
    package_observe
    [ "$observed" = "$gw_desired" ] || continue
    gw_changed=$gw_changed$gw_newline$gw_key
    report changed "$gw_number" absent
  done
  use_item "$gw_at"
}

package_install() { # NAME[=VERSION]…
  package_settle
  ! package_lists_old || package_update
  package_try "$@" && return
  gw_code=$?
  [ -z "${gw_updated-}" ] && grep -Eq 'Unable to locate|no installation candidate|was not found|404 |to fetch' "$gw_run/tool" || return "$gw_code"
  package_update
  package_try "$@"
}

package_try() { # NAME[=VERSION]…
  for gw_spec in "$@"; do
    package_known "${gw_spec%%=*}" || return 100
  done
  package_keep_others "$@"
  package_apt install --allow-downgrades --allow-change-held-packages -- "$@"
}

# What is to be replaced or to give way besides: its archives lie beside the first item's capture.
package_keep_others() { # NAME[=VERSION]…
  gw_first=${gw_captures%%"$gw_newline"*}
  limit apt-get -s install --no-install-recommends --allow-downgrades --allow-change-held-packages -- "$@" \
    </dev/null 2>/dev/null | sed -n 's/^\(Inst\|Remv\) \([^ ]*\) \[\([^]]*\)\].*/\2 \3/p' >"$gw_run/giving"
  while read -r gw_word gw_rest; do
    set -- "$gw_first/${gw_word%:*}_$(package_escaped "$gw_rest")"_*.deb
    [ -f "$1" ] || package_archive "$gw_word" "$gw_rest" "$gw_first"
    apt-mark showauto -- "$gw_word" </dev/null >>"$gw_first/automatic"
  done <"$gw_run/giving"
}

# apt-get would take a name that it does not know and that ends in a sign, or holds a dot, as more than a name.
package_known() { # NAME
  case $1 in
    *.* | *+ | *-) ;;
    *) return 0 ;;
  esac
  apt-cache pkgnames -- "$1" </dev/null >"$gw_run/tool" && grep -qxF -e "$1" "$gw_run/tool" && return
  echo "E: Unable to locate package $1" | tee "$gw_run/tool"
  return 1
}

package_apt() { # ARGUMENTS…
  package_tool apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 \
    -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef -o Acquire::Retries=3 "$@"
}

# What an interrupted run left half-done would make every other refuse.
package_settle() {
  set -- /var/lib/dpkg/updates/*
  [ ! -e "$1" ] || package_tool dpkg --force-confold --configure -a
}

# None yet, older than a day, or older than the list of sources.
package_lists_old() {
  set -- /var/lib/apt/lists/*_Packages*
  [ -e "$1" ] || return 0
  gw_stale=$(
    find /var/lib/apt/lists/partial -maxdepth 0 -mmin +1440
    find /etc/apt/sources.list /etc/apt/sources.list.d -newer /var/lib/apt/lists/partial 2>/dev/null
  )
  [ -n "$gw_stale" ]
}

package_update() {
  gw_updated=yes
  package_apt update
}

# Runs a tool of dpkg or apt; the machine's own timers use them, too, and not every lock can be waited for.
package_tool() {
  gw_tries=60
  while :; do
    locked dpkg timeout -k 5 "${gw_seconds:-$time_limit}" "$@" </dev/null >"$gw_run/tool" 2>&1
    gw_code=$?
    [ "$gw_code" -ne 0 ] && [ "$gw_tries" -gt 0 ] &&
      grep -Eq 'Could not get lock|lock was locked|Unable to lock|Unable to acquire' "$gw_run/tool" || break
    gw_tries=$((gw_tries - 1))
    sleep 1
  done
  cat "$gw_run/tool"
  return "$gw_code"
}

package_list() {
  dpkg-query -W -f '${db:Status-Abbrev}\t${Package}:${Architecture}\t${Version}\n' </dev/null
}

package_differences() { # FILE of package_list from before
  package_native
  package_list >"$gw_run/packages"
  awk -F '\t' -v native="$gw_native" '
    function plain(name) {
      sub(native == "" ? ":[^:]*$" : ":(all|" native ")$", "", name)
      return name
    }
    $1 !~ /^.[iWt]/ { next }
    FILENAME == ARGV[1] { before[$2] = $3; next }
    { after[$2] = 1 }
    !($2 in before) { print "new " plain($2); next }
    before[$2] != $3 { print "changed " plain($2) "=" before[$2] }
    END { for (name in before) if (!(name in after)) print "gone " plain(name) "=" before[name] }
  ' "$1" "$gw_run/packages"
}

# Every item of the run gets the record; so does its baseline, by which it is taken back one day.
package_record() {
  gw_first=${gw_captures%%"$gw_newline"*}
  package_differences "$gw_first/before" >"$gw_run/differences"
  gw_ifs=$IFS
  IFS=$gw_newline
  for gw_folder_of in $gw_captures; do
    cat "$gw_run/differences" >>"$gw_folder_of/packages"
    case $gw_folder_of in
      "$gw_root/baseline/"*) ;;
      *) cat "$gw_run/differences" >>"$gw_root/baseline/${gw_folder_of##*/}/packages" ;;
    esac
  done
  IFS=$gw_ifs
  sync -f "$gw_root" && rm -f "$gw_first/before"
}

# --- restore ---

package_restore() {
  gw_seconds=$time_limit
  package_settle
  if [ -f "$capture/before" ]; then
    package_differences "$capture/before" >>"$capture/packages" && sync "$capture/packages" && rm -f "$capture/before"
  fi
  read -r gw_was gw_was_version gw_was_hold <"$capture/was"
  package_look "$name"
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

package_back() {
  if [ "$gw_state" != installed ] || { [ -n "$version" ] && [ "$gw_version" != "$gw_was_version" ]; }; then
    package_old || return
    [ ! -s "$capture/auto" ] || package_tool apt-mark auto -- "$name"
  fi
  package_look "$name"
  package_take "$name"
  [ "$gw_held" = "$gw_was_hold" ] || package_hold "$gw_was_hold" "$name"
}

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
    package_look "${gw_name%:*}"
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
  apt-get -s autoremove --purge -o APT::AutoRemove::RecommendsImportant=false \
    -o APT::AutoRemove::SuggestsImportant=false </dev/null >"$gw_run/removable" 2>/dev/null
  set --
  for gw_word in $gw_installed; do
    grep -qF "Purg $gw_word [" "$gw_run/removable" || continue
    if still_claimed "package:$gw_word"; then
      package_hand_over "$gw_word"
    else
      set -- "$@" "$gw_word"
    fi
  done
  [ $# -eq 0 ] || package_tool dpkg --purge -- "$@"
  [ "$gw_was" != installed ] || return 0
  package_present "$name"
  [ -z "$gw_present" ] || still_claimed "package:$name" || report kept "$name $gw_key"
}

# It came along with what goes now, and somebody came to want it: who wants it last takes it away.
package_hand_over() { # NAME
  gw_sum=$(printf 'package:%s' "$1" | sha256sum)
  gw_baseline=$gw_root/baseline/$(printf '%.32s' "$gw_sum")
  package_tool apt-mark manual -- "$1"
  [ -f "$gw_baseline/was" ] || return 0
  printf 'absent - no\n' >"$gw_baseline/was"
  # shellcheck disable=SC2086 # neither names nor versions hold blanks or patterns
  printf 'new %s\n' $gw_installed >>"$gw_baseline/packages"
}

package_present() { # NAME…: sets gw_present to those that are installed
  gw_present=''
  package_look "$@"
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
