# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Items of the program: observing them, and what changed in this run.

# Makes item N the current one: its variables, gw_kind, gw_key, gw_hash, gw_desired.
use_item() {
  gw_index=$1
  restart_on='' reload_on='' request_on='' gw_ticket=''
  "item_$1"
}

# The current item's bytes on standard output.
data() { "data_$gw_index"; }

# Runs a command of the current item under its time limit.
limit() { timeout -k 5 "$time_limit" "$@"; }

# Runs a script that came with the program. Its descriptors are its own: what it leaves running must neither write the
# report nor hold the session or the engine's locks. The run's folder is root's alone.
run_script() { # SCRIPT
  printf '%s' "$1" >"$gw_run/script" || return 1
  limit sh "$gw_run/script" </dev/null 3>&- 7>&- 8>&-
}

remember() { eval "gw_observed_$1=\$2"; }

observe() { # sets $observed for the current item
  observed=''
  "${gw_kind}_observe"
}

# Sets gw_observed_N of each item, with few processes where its kind can be observed many at once.
observe_these() { # INDEX…
  for gw_seen_item; do
    use_item "$gw_seen_item"
    remember "$gw_seen_item" ''
    eval "gw_those_$gw_kind=\"\${gw_those_$gw_kind-} $gw_seen_item\""
  done
  for gw_kind in $gw_kinds_many; do
    eval "gw_those=\${gw_those_$gw_kind-} gw_those_$gw_kind=''"
    # shellcheck disable=SC2086 # numbers
    [ -z "$gw_those" ] || "${gw_kind}_observe_many" $gw_those
  done
  for gw_seen_item; do
    eval "gw_known=\$gw_observed_$gw_seen_item"
    [ -z "$gw_known" ] || continue
    use_item "$gw_seen_item"
    observe
    remember "$gw_seen_item" "$observed"
  done
}

# shellcheck disable=SC2086 # numbers
observe_all() { observe_these $gw_items; }

# True when an item that the current one depends on changed since this owner last brought it about.
triggered() { changed_among "$gw_wanted_anew" "$1" || changed_here "$1"; } # KEYS

# True when one of KEYS changed in this run.
changed_here() { changed_among "$gw_changed" "$1"; } # KEYS

# Items that this owner wanted otherwise before: another stream that wants the same may have changed them already. One
# that it wants for the first time is as the services found it.
gw_wanted_anew=''
want_anew() {
  [ -z "$gw_continued" ] && [ -f "$gw_transaction/claim.before" ] || return 0
  while IFS=$gw_tab read -r gw_word gw_a gw_b _ gw_d; do
    [ "$gw_word" = item ] || continue
    eval "gw_i=\${gw_index_of_$gw_a-}"
    [ -n "$gw_i" ] || continue
    eval "gw_mine=\$gw_digest_$gw_i"
    [ "$gw_b" != "$gw_mine" ] || continue
    use_item "$gw_i"
    # What differs otherwise shows nothing on the machine.
    [ "$gw_d" = "$gw_desired" ] || gw_wanted_anew=$gw_wanted_anew$gw_newline$gw_key
  done <"$gw_transaction/claim.before"
}

changed_among() { # CHANGED KEYS
  [ -n "$1" ] && [ -n "$2" ] || return 1
  gw_those_changed=$1
  shift
  gw_ifs=$IFS
  IFS=$gw_newline
  set -f
  # shellcheck disable=SC2086
  set -- $1
  set +f
  IFS=$gw_ifs
  for gw_trigger in "$@"; do
    case "$gw_newline$gw_those_changed$gw_newline" in
      *"$gw_newline$gw_trigger$gw_newline"*) return 0 ;;
    esac
  done
  return 1
}

# True when the current item's kind is one of KINDS.
is_of() { # KINDS
  case " $1 " in
    *" $gw_kind "*) ;;
    *) return 1 ;;
  esac
}

is_independent() { is_of "$gw_kinds_independent"; }
