# shellcheck shell=sh
# shellcheck disable=SC2154 # the engine sets the item's variables
# What a tool says that was ended at the item's time limit is no answer: what it was asked about is not known then,
# which is neither there nor absent. So a capture fails, nothing is restored by guess, and the code of an item says
# that its time was over.

# True for the exit of a command that `limit` ended.
overdue() { # CODE
  [ "$1" -eq 124 ] || [ "$1" -eq 137 ]
}

# True for every other exit: a refusal is an answer, too. Else it says so, and passes the code on.
answered() { # CODE PROGRAM
  overdue "$1" || return 0
  echo "$2 gave no answer within $time_limit s" >&2
  return "$1"
}

# What could not be asked about all items at once is not asked about each.
remember_unknown() { # INDEX…
  for gw_i in "$@"; do remember "$gw_i" unknown; done
}
