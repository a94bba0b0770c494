# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # the engine sets the item's variables and reads $observed
# command: name run unless undo again

command_run() {
  run_script "$run"
  gw_code=$?
  rm -f "$gw_run/script"
  return "$gw_code"
}

command_observe() {
  # What it says is evidence when it still fails after the command ran.
  run_script "$unless" >>"$gw_run/log" 2>&1
  case $? in
    0) observed=done=yes ;;
    124 | 137) observed=done=unknown ;;
    *) observed=done=no ;;
  esac
}

command_apply() {
  if [ "$observed" = done=unknown ]; then
    echo "\`unless\` gave no answer within $time_limit s"
    return 124
  fi
  command_run
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
      [ -n "$again" ] || {
        echo "it was undone and cannot be run again without a ticket"
        return 1
      }
      command_run
      ;;
  esac
}

# A run that was cut short may have left a part of its work while `unless` says that nothing is done. So `undo`
# always runs; where nothing was left to undo, it may fail.
command_undo() {
  run_script "$undo" && return
  gw_undone=$?
  answered "$gw_undone" "\`undo\`" || return
  command_observe
  [ "$observed" != done=no ] || return 0
  echo "\`undo\` ended with $gw_undone, and \`unless\` still says $observed"
  return 1
}
