# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Checks and facts.

# Runs check N until it passes or its time is over: report `check N RESULT SECONDS EVIDENCE`.
check_run() {
  "check_$1"
  clock
  gw_started=${gw_now%.*}
  while :; do
    run_script "$gw_script" >"$gw_run/log" 2>&1
    gw_status=$?
    clock
    gw_elapsed=$((${gw_now%.*} - gw_started))
    [ "$gw_status" -ne 0 ] && [ "$gw_status" -ne 77 ] && [ "$gw_elapsed" -lt "$gw_within" ] && [ -z "$gw_patience" ] && ! is_cancelled || break
    sleep 0.5
  done
  case $gw_status in
    0) gw_result=pass ;;
    77) gw_result=skip ;;
    *) gw_result=fail ;;
  esac
  [ "$gw_status" -ne 124 ] || echo "no answer within $time_limit s" >>"$gw_run/log"
  [ "$gw_result" != fail ] || [ -s "$gw_run/log" ] || echo "it ended with $gw_status and said nothing" >"$gw_run/log"
  report_text check "$1" "$gw_result" "$gw_elapsed" <"$gw_run/log"
  [ "$gw_result" = pass ] || { [ "$gw_result" = skip ] && [ -n "$gw_waived" ]; }
}

# Without patience nothing is waited for, nor cancelled.
gw_patience=''
is_cancelled() { [ -z "$gw_patience" ] && [ -e "$gw_cancel" ]; }

not_cancelled() { # BEFORE WHAT
  ! is_cancelled || {
    refuse GW310 "cancelled before $1"
    return 1
  }
}

checks_run() { # INDEX…
  gw_open=yes
  for gw_i in "$@"; do
    check_run "$gw_i" || gw_open=''
    not_cancelled "the checks were done" || return 1
  done
  [ -n "$gw_open" ]
}

facts_read() {
  for gw_i in $gw_facts; do
    "fact_$gw_i"
    if ! run_script "$gw_script" >"$gw_run/fact" 2>"$gw_run/log"; then
      report_text failed "$gw_i" fact <"$gw_run/log"
      return 1
    fi
    report_whole "$gw_run/fact" fact "$gw_i" || {
      echo 'longer than 64 KiB' | report_text failed "$gw_i" fact
      return 1
    }
    rm -f "$gw_run/fact"
  done
}

gw_gives_back=''
machine_identity() {
  read -r gw_machine </etc/machine-id
  report machine "$gw_machine"
  [ -n "$gw_machine_expected" ] && [ "$gw_machine" != "$gw_machine_expected" ] || return 0
  [ -z "$gw_gives_back" ] || ! owner_is_here || return 0
  refuse GW206 "machine-id is $gw_machine, expected $gw_machine_expected"
  return 1
}

# True where the machine holds what is to be given back: it is the one, whatever its name is now.
owner_is_here() {
  for gw_word in "$gw_owner" $gw_former; do
    [ ! -e "$gw_root/claims/$gw_word" ] && [ ! -e "$gw_root/transactions/$gw_word" ] || return 0
  done
  return 1
}
