# shellcheck shell=sh
# allowedPort: set element file; the work is that of every element (firewallTable.sh)

allowedPort_observe() { element_observe; }
allowedPort_observe_many() { element_observe_many "$@"; }
allowedPort_apply() { element_apply; }
allowedPort_capture() { element_capture; }
allowedPort_restore() { element_restore; }
