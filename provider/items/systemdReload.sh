# shellcheck shell=sh
# shellcheck disable=SC2154 # the engine sets the item's variables
# systemd reads all units again at each reload: one serves several changes.

systemd_reload_later() { gw_reload_due=yes; }

# Has a target want a unit. Who disables the last other one takes away the folder of the links.
systemd_want() { # WHERE-THE-LINK-LEADS LINK
  # shellcheck disable=SC2016 # expanded by the inner shell
  locked systemd sh -c 'mkdir -p "${2%/*}" && ln -sfn "$1" "$2"' want "$1" "$2"
}

# Does what systemd_reload_later put off, before anything looks at the result.
systemd_reload() {
  [ -n "${gw_reload_due-}" ] || return 0
  gw_reload_due=''
  locked systemd timeout -k 5 "$time_limit" systemctl daemon-reload </dev/null
}
