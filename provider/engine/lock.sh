# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Locks of this machine. They end with the process that holds them.

# Root's alone: who may open a lock may hold it.
locks_make() {
  [ -d "$gw_locks" ] && return
  umask 077
  mkdir -p "$gw_locks" && chmod 700 "${gw_locks%/*}"
  gw_code=$?
  umask 022
  return "$gw_code"
}

# One program at a time for one owner. The lock ends with the process.
lock_owner() {
  locks_make
  # An older version left them to everybody.
  chmod 700 "$gw_locks"
  exec 7>"$gw_locks/owner-$gw_owner"
  flock 7
}

# The registry's own lock, held for moments only.
lock_registry() {
  locks_make
  exec 8>"$gw_locks/registry"
  flock 8
}

unlock_registry() { exec 8>&-; }

# Runs a command while holding the machine's short lock NAME, so that streams side by side do not collide. Without the
# locks' folder no program changes this machine, for it makes that first: then one that only looks leaves no trace.
locked() { # NAME COMMAND…
  gw_lock=$1
  shift
  [ -d "$gw_locks" ] || {
    "$@"
    return
  }
  # What the command leaves running must not hold the lock.
  flock -o "$gw_locks/$gw_lock" "$@"
}

# The same for a function. What it runs has no part in the lock, which ends at the latest with this shell. In it, the
# registry's lock may be taken, and by `locked` that of systemd: who holds one of these two waits for no other.
in_turn() { # NAME FUNCTION…
  gw_lock=$1
  shift
  [ -d "$gw_locks" ] || {
    "$@"
    return
  }
  exec 9>"$gw_locks/$gw_lock"
  flock 9
  "$@" 9>&-
  gw_code=$?
  exec 9>&-
  return "$gw_code"
}
