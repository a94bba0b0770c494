# shellcheck shell=sh
# allowedPort: set element file; the work is in firewallElement.sh

allowedPort_observe() { firewall_element_observe; }
allowedPort_observe_many() { firewall_element_observe_many "$@"; }
allowedPort_apply() { firewall_element_apply; }
allowedPort_capture() { firewall_element_capture; }
allowedPort_restore() { firewall_element_restore; }
