# shellcheck shell=sh
# shellcheck disable=SC2154 # the engine sets the item's variables
# unit: a file that systemd has to read again

unit_observe() { file_observe; }
unit_observe_many() { file_observe_many "$@"; }
unit_capture() { file_capture; }
unit_apply() { file_apply && unit_reload; }
unit_restore() { file_restore && unit_reload; }
unit_reload() { locked systemd timeout -k 5 "$time_limit" systemctl daemon-reload; }
