# shellcheck shell=sh
# allowedForward: set element file; the work is that of every element (firewallTable.sh)

allowedForward_observe() { element_observe; }
allowedForward_observe_many() { element_observe_many "$@"; }
allowedForward_apply() { element_apply; }
allowedForward_capture() { element_capture; }
allowedForward_restore() { element_restore; }
