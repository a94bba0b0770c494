# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # other files of the library and the program's data set and read the variables
# shellcheck disable=SC2015 # `a && b || c` is meant: c runs when either fails
# Which files this machine needs and gets from no mirror: the computer that runs the deployment brings them here.

# Reports `unreached N` for each such download. Where there is one, the machine is taken for what is to come.
gw_mirrors() {
  machine_identity && guards_hold_before || return 1
  observe_all
  gw_unreached='' gw_answering=$gw_newline gw_silent=$gw_newline
  for gw_i in $gw_items; do
    use_item "$gw_i"
    eval "observed=\$gw_observed_$gw_i"
    ! download_needs_bytes || mirror_among "$urls" || gw_unreached="$gw_unreached $gw_i"
  done
  [ -n "$gw_unreached" ] || return 0
  lock_registry
  registry_open && lease_take || return 1
  unlock_registry
  for gw_i in $gw_unreached; do
    report unreached "$gw_i"
  done
}

# True when one of the addresses gives its file.
mirror_among() { # URLS, one a line
  gw_ifs=$IFS
  IFS=$gw_newline
  set -f
  # shellcheck disable=SC2086
  set -- $1
  set +f
  IFS=$gw_ifs
  for gw_url in "$@"; do
    ! mirror_gives "$gw_url" || return 0
  done
  return 1
}

# Asks for the first byte; a server that sends all of it is cut off. One file stands for all of its host, which is
# asked no more once it gave one, or was silent.
mirror_gives() { # URL
  gw_host=${1#*://}
  gw_host=${1%%://*}://${gw_host%%[/?#]*}$gw_newline
  case $gw_answering in *"$gw_newline$gw_host"*) return 0 ;; esac
  case $gw_silent in *"$gw_newline$gw_host"*) return 1 ;; esac
  gw_http=$(web_address "$1" | curl -K - -fsSgL --proto '=http,https' --proto-redir '=http,https' --connect-timeout 5 --max-time 10 \
    -r 0-0 --max-filesize 65536 -o /dev/null -w '%{http_code}' 2>/dev/null)
  case $gw_http in
    2??)
      gw_answering=$gw_answering$gw_host
      return 0
      ;;
    000 | '') gw_silent=$gw_silent$gw_host ;;
  esac
  return 1
}
