# shellcheck shell=sh
# allowedForward: set element file; the work is in firewallElement.sh

allowedForward_observe() { firewall_element_observe; }
allowedForward_observe_many() { firewall_element_observe_many "$@"; }
allowedForward_apply() { firewall_element_apply; }
allowedForward_capture() { firewall_element_capture; }
allowedForward_restore() { firewall_element_restore; }
