import type { ItemInput } from "../../provider/index.ts";

/** Table of {@link firewallTable} on disk. */
const tablePath = "/etc/groundwork/firewall.nft";
/** Elements of allowedPort and allowedForward on disk, one nft command a line. */
const elementsFolder = "/etc/groundwork/firewall.d";
const loaderPath = "/usr/local/lib/groundwork/load-firewall";

/**
 * The table in nft syntax: traffic to and through the machine is dropped unless a stream declared it.
 * Its sets are filled by allowedPort and allowedForward items. It stands beside other tables: an accept here does not
 * override a drop elsewhere, and the tables of kube-proxy and of pod networks are left alone. nft(8)
 */
export const firewallTable = `table inet groundwork {
	set tcp_any { type inet_service; }
	set udp_any { type inet_service; }
	set tcp_ip4 { type ipv4_addr . inet_service; flags interval; }
	set udp_ip4 { type ipv4_addr . inet_service; flags interval; }
	set tcp_ip6 { type ipv6_addr . inet_service; flags interval; }
	set udp_ip6 { type ipv6_addr . inet_service; flags interval; }
	set forward_ip4 { type ipv4_addr . ipv4_addr; flags interval; }
	set forward_ip6 { type ipv6_addr . ipv6_addr; flags interval; }

	chain input {
		type filter hook input priority filter; policy drop;
		ct state established,related counter accept
		ct state invalid counter drop
		iif "lo" counter accept
		ip protocol icmp icmp type { echo-request, destination-unreachable, time-exceeded, parameter-problem } counter accept
		icmpv6 type { echo-request, destination-unreachable, packet-too-big, time-exceeded, parameter-problem } counter accept
		ip6 hoplimit 255 icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } counter accept
		ip6 saddr fe80::/10 icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } counter accept
		udp sport 67 udp dport 68 counter accept
		ip6 saddr fe80::/10 udp sport 547 udp dport 546 counter accept
		tcp dport @tcp_any counter accept
		udp dport @udp_any counter accept
		ip saddr . tcp dport @tcp_ip4 counter accept
		ip saddr . udp dport @udp_ip4 counter accept
		ip6 saddr . tcp dport @tcp_ip6 counter accept
		ip6 saddr . udp dport @udp_ip6 counter accept
		counter
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
		ct state established,related counter accept
		ct state invalid counter drop
		ip saddr . ip daddr @forward_ip4 counter accept
		ip6 saddr . ip6 daddr @forward_ip6 counter accept
		counter
	}
}
`;

/**
 * Loads the table with its elements at boot. One transaction, unless networks of one port lie inside each other: nft
 * refuses these together ("File exists"), so the table goes first and each element on its own, and one that a wider
 * one covers is left out. Whatever an element does, the table with its drop policy stands.
 */
export const loader = `#!/bin/sh
# Loads Groundwork's own nftables table and nothing else.
elements() {
  for file in ${elementsFolder}/*.nft; do
    [ ! -e "$file" ] || cat "$file"
  done
}
table() {
  echo 'add table inet groundwork'
  echo 'delete table inet groundwork'
  cat ${tablePath}
}
[ -s ${tablePath} ] || {
  echo '${tablePath} is missing'
  exit 1
}
{ table && elements; } | nft -f - 2>/dev/null && exit 0
table | nft -f - || exit 1
elements | {
  status=0
  while read -r element; do
    said=$(nft "$element" 2>&1) && continue
    nft "get element \${element#add element }" >/dev/null 2>&1 || {
      echo "$element: $said"
      status=1
    }
  done
  exit $status
}
`;

/** Before any network: what pod networks and Debian's own nftables.service do stays theirs. No stop: the table outlives it. */
export const firewallUnit = `[Unit]
Description=Groundwork's firewall table
Documentation=man:nft(8)
DefaultDependencies=no
RequiresMountsFor=/etc /usr
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${loaderPath}
ExecReload=${loaderPath}
ProtectSystem=full
ProtectHome=yes

[Install]
WantedBy=sysinit.target
`;

/** The table, and what loads it at the next boot. */
export function firewallItems(): ItemInput[] {
  return [
    { kind: "firewallTable", content: firewallTable },
    { kind: "file", path: loaderPath, content: loader, mode: "0755" },
    { kind: "unit", name: "groundwork-firewall.service", content: firewallUnit },
  ];
}

/** After the openings: what is enabled for boot lets the login in. */
export const firewallService: ItemInput = { kind: "service", unit: "groundwork-firewall.service" };

const everywhere: Record<string, string> = { "0.0.0.0/0": "IPv4", "::/0": "IPv6" };

/** Networks as allowedPort takes them: all of IPv4 and all of IPv6 are `any`, and then nothing else is needed. */
export function openSources(networks: string[]): string[] {
  const families = new Set(networks.flatMap((network) => everywhere[network] ?? []));
  return families.size === 2 || networks.includes("any") ? ["any"] : [...new Set(networks)];
}

/** nftables.service runs `flush ruleset` whenever it starts, reloads or stops: it must not come back at a boot. */
export const debianFirewallIsOff = `
state=$(systemctl is-enabled nftables.service 2>/dev/null)
case $state in
  enabled | enabled-runtime)
    echo "nftables.service is $state: it deletes every table when it starts; disable it first"
    exit 1
    ;;
esac
echo "nftables.service is \${state:-not installed}"`;

/** Succeeds when the loaded table drops by default. */
export const firewallDrops = `
for chain in input forward; do
  nft list chain inet groundwork $chain 2>&1 | grep -F 'policy drop' || {
    echo "chain $chain of table inet groundwork is not loaded with policy drop"
    exit 1
  }
done`;
