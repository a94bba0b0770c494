# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# package: runs of apt and dpkg

package_apt() { # ARGUMENTS…
  package_tool apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=5 -o Dpkg::Use-Pty=0 \
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
  # What another stream has fetched for a source that is about to take its place would be cleaned away.
  package_apt update -o APT::Get::List-Cleanup=0
}

# Runs a function between whose steps no other stream runs apt or dpkg.
package_together() { # FUNCTION…
  gw_together=yes
  in_turn dpkg "$@"
  gw_code=$?
  gw_together=''
  return "$gw_code"
}

package_turn() { # COMMAND…
  if [ -n "${gw_together-}" ]; then "$@"; else locked dpkg "$@"; fi
}

# Runs a tool of dpkg or apt; the machine's own timers use them, too, and not every lock can be waited for. That the
# time is over tells less than what it was waited for.
package_tool() {
  clock
  gw_end=$((${gw_now%.*} + ${gw_seconds:-$time_limit}))
  true >"$gw_run/waited"
  while gw_left=$((gw_end - ${gw_now%.*})) && [ "$gw_left" -gt 0 ]; do
    # Once it has the lock it gets the whole time: to be ended in the middle of an unpacking helps nobody.
    package_turn timeout -k 5 "${gw_seconds:-$time_limit}" "$@" </dev/null >"$gw_run/tool" 2>&1
    gw_code=$?
    [ "$gw_code" -ne 0 ] &&
      grep -E 'Could not get lock|lock was locked|Unable to lock|Unable to acquire' "$gw_run/tool" >"$gw_run/waiting" || break
    mv -f "$gw_run/waiting" "$gw_run/waited"
    sleep 1
    clock
  done
  [ "$gw_left" -gt 0 ] || gw_code=124
  [ "$gw_code" -ne 124 ] || cat "$gw_run/waited"
  cat "$gw_run/tool"
  return "$gw_code"
}
