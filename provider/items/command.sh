# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# command: name unless undo; data is the script to run

# The script's descriptors are its own: a daemon that it starts must not hold the engine's locks.
command_script() { # SCRIPT-FILE
  limit sh "$1" </dev/null 3>&- 7>&- 8>&-
}

command_observe() {
  printf '%s' "$unless" >"$gw_run/unless"
  # What it says is evidence when it still fails after the command ran.
  command_script "$gw_run/unless" >>"$gw_run/log" 2>&1
  case $? in
    0) observed=done=yes ;;
    124 | 137) observed=done=unknown ;;
    *) observed=done=no ;;
  esac
}

command_apply() {
  if [ "$observed" = done=unknown ]; then
    echo "\`unless\` gave no answer within $time_limit s"
    return 1
  fi
  (umask 077 && data >"$gw_run/script") || return 1
  command_script "$gw_run/script"
  gw_code=$?
  rm -f "$gw_run/script"
  return "$gw_code"
}

command_capture() { printf '%s\n' "$observed" >"$capture/was"; }

command_restore() {
  case $undo in
    '' | : | ":$gw_newline") return 0 ;;
  esac
  read -r gw_was <"$capture/was"
  case $gw_was in
    done=no) command_undo ;;
    done=yes)
      command_observe
      [ "$observed" != done=yes ] || return 0
      # A capture holds no `run`: it may be secret, or need a ticket.
      echo "it was undone and cannot be run again from here"
      return 1
      ;;
  esac
}

# A run that was cut short may have left a part of its work while `unless` says that nothing is done. So `undo`
# always runs; where nothing was left to undo, it may fail.
command_undo() {
  (umask 077 && printf '%s' "$undo" >"$gw_run/script") || return 1
  command_script "$gw_run/script"
  gw_code=$?
  [ "$gw_code" -ne 0 ] || return 0
  command_observe
  [ "$observed" != done=no ] || return 0
  echo "\`undo\` ended with $gw_code, and \`unless\` still says $observed"
  return 1
}
