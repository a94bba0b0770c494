# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# package: name version hold
#
# A capture holds `was` (STATE VERSION HOLD), and once apt ran `packages`: what else that run
# installed (`new NAME`), removed (`gone NAME=VERSION`) or replaced (`changed NAME=VERSION`).

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

package_take() { # NAME: sets gw_state, gw_version, gw_hold
  gw_rest=$gw_dpkg gw_state=absent gw_version=- gw_hold=no
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
    h*) gw_hold=yes ;;
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
    installed) observed="installed${version:+ version=$gw_version} hold=$gw_hold" ;;
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
    eval "gw_package_first_$gw_i=\"\$gw_state \$gw_version \$gw_hold\""
  done
}

# --- capture ---

# What counts as "before" is the state before the first change of the run: one run of apt may bring several items.
package_capture() {
  eval "gw_first=\${gw_package_first_$gw_index-}"
  if [ -z "$gw_first" ]; then
    package_look "$name"
    package_take "$name"
    gw_first="$gw_state $gw_version $gw_hold"
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
  for gw_archive in "/var/cache/apt/archives/${name}_$(package_escaped "$gw_version")"_*.deb; do
    [ ! -f "$gw_archive" ] || { cp "$gw_archive" "$capture/" && return 0; }
  done
  # The sources may have dropped it. Then a restore can only try.
  (cd "$capture" && limit apt-get -q -o APT::Sandbox::User=root download "$name=$gw_version" </dev/null) || :
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
  case $gw_hold/$hold in
    yes/no) package_tool apt-mark unhold -- "$name" ;;
    no/yes) package_tool apt-mark hold -- "$name" ;;
  esac
}

# Installs the current item and the absent ones next to it, which would each need their own run of apt.
package_bring() {
  gw_captures=$gw_capture gw_held=''
  [ "$observed" != "${observed#*hold=yes}" ] && gw_held=--allow-change-held-packages
  gw_seconds=$time_limit
  gw_single=$name${version:+=$version}
  package_batch
  dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Architecture}\t${Version}\n' >"${gw_captures%%"$gw_newline"*}/before" || return
  package_install "$gw_single" $gw_specs
  gw_code=$?
  if [ "$gw_code" -ne 0 ] && [ -n "$gw_batch" ]; then
    gw_batch=''
    package_install "$gw_single"
    gw_code=$?
  fi
  package_record
  [ "$gw_code" -eq 0 ] || return "$gw_code"
  package_batch_done
}

# Captures the others now: when it is their turn, they are there already.
package_batch() {
  gw_batch='' gw_specs='' gw_at=$gw_index gw_next=$gw_index
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
  use_item "$gw_at"
  eval "observed=\$gw_observed_$gw_at"
}
