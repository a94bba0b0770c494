# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# package: how it is brought, several in one run of apt, and what else that run changed

package_apply() {
  case $observed in
    "installed${version:+ version=$version} hold="*) ;;
    *) package_bring || return ;;
  esac
  package_look "$name" || return
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
  [ "$gw_code" -eq 0 ] || return "$gw_code"
  package_batch_done
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
    capture_one || return
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
    package_look "${gw_spec%%=*}" || return
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
    limit apt-mark showauto -- "$gw_word" </dev/null >>"$gw_first/automatic"
  done <"$gw_run/giving"
}

# apt-get would take a name that it does not know and that ends in a sign, or holds a dot, as more than a name.
package_known() { # NAME
  case $1 in
    *.* | *+ | *-) ;;
    *) return 0 ;;
  esac
  limit apt-cache pkgnames -- "$1" </dev/null >"$gw_run/tool" && grep -qxF -e "$1" "$gw_run/tool" && return
  echo "E: Unable to locate package $1" | tee "$gw_run/tool"
  return 1
}

package_list() {
  # shellcheck disable=SC2016 # fields of dpkg
  limit dpkg-query -W -f '${db:Status-Abbrev}\t${Package}:${Architecture}\t${Version}\n' </dev/null
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
