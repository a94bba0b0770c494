# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# package: name version hold; here is how it looks at them, packageApply.sh brings them and packageRestore.sh puts back
#
# A capture holds `was` (STATE VERSION HOLD), and once apt ran `packages`: what else that run
# installed (`new NAME`), removed (`gone NAME=VERSION`) or replaced (`changed NAME=VERSION`), with the archives of
# what was there, as far as they could still be had, and `automatic`: which of them were there for others only.

# --- what is there ---

# Reads their states into gw_dpkg; false where dpkg cannot say: 1 only means that it does not know all of them.
package_look() { # NAME…
  # shellcheck disable=SC2016 # fields of dpkg
  gw_dpkg=$(limit dpkg-query -W -f '${Package}\t${db:Status-Abbrev}\t${Architecture}\t${Version}\n' \
    -- "$@" 2>"$gw_run/dpkg" </dev/null) || {
    gw_list_code=$?
    [ "$gw_list_code" -eq 1 ] || {
      cat "$gw_run/dpkg" >&2
      answered "$gw_list_code" dpkg-query
      return "$gw_list_code"
    }
  }
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
  observed=unknown
  package_look "$name" || return 0
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
  package_look "$@" || {
    # shellcheck disable=SC2086
    remember_unknown $gw_many
    return
  }
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
    package_look "$name" || return
    package_take "$name"
    gw_first="$gw_state $gw_version $gw_held"
  fi
  printf '%s\n' "$gw_first" >"$capture/was" || return 1
  case $gw_index/$version/$gw_first in
    /* | *//* | */"installed $version "*) ;;
    */installed\ *) package_keep "$gw_first" ;;
  esac
}

# Another version is to come: keeps the old one's archive, and whether it was there for others only.
package_keep() { # STATE
  gw_version=${1#* }
  gw_version=${gw_version%% *}
  limit apt-mark showauto -- "$name" </dev/null >"$capture/auto"
  package_archive "$name" "$gw_version" "$capture"
  package_keep_baseline
}

# An update may be the first to want another version: then the baseline gets what brings its own one back.
package_keep_baseline() {
  gw_baseline=$gw_root/baseline/$gw_hash
  [ -e "$gw_baseline/was" ] && [ ! -e "$gw_baseline/auto" ] || return 0
  read -r gw_was gw_was_version _ <"$gw_baseline/was"
  [ "$gw_was" = installed ] || return 0
  package_archive "$name" "$gw_was_version" "$gw_baseline"
  cp "$capture/auto" "$gw_baseline/auto"
}

# The sources may have dropped it. Then a restore can only try.
package_archive() { # NAME VERSION FOLDER
  gw_archive=$1_$(package_escaped "$2")
  for gw_archive in "$capture/$gw_archive"_*.deb "/var/cache/apt/archives/$gw_archive"_*.deb; do
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
