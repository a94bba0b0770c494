import { BlockList, isIPv6 } from "node:net";
import type { ItemInput } from "../../provider/index.ts";

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

/** Written by the firewallTable item: loads the table with all its elements in one transaction. */
const transaction = "/etc/groundwork/firewall.nft";

/**
 * Loads our table and nothing else, before any network is up. It has no stop: only the item takes the table away.
 * systemd.special(7), network-pre.target
 */
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
ExecStart=/usr/sbin/nft -f ${transaction}
ExecReload=/usr/sbin/nft -f ${transaction}
ProtectSystem=full
ProtectHome=yes

[Install]
WantedBy=sysinit.target
`;

/** The table, and what loads it at the next boot. */
export function firewallItems(): ItemInput[] {
  return [
    { kind: "firewallTable", content: firewallTable },
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

/** Whether one of the networks holds the address. */
export function admits(networks: string[], address: string): boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [base = "", length] = network.split("/");
    list.addSubnet(base, Number(length), familyOf(base));
  }
  return list.check(address, familyOf(address));
}

const familyOf = (address: string): "ipv4" | "ipv6" => (isIPv6(address) ? "ipv6" : "ipv4");

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

/** An accept in a table of ours does not override a drop of ufw's: what a stream opens would stay closed. ufw(8) */
export const ufwIsOff = `
if grep -Eiqs '^ENABLED="?yes' /etc/ufw/ufw.conf; then
  echo 'ufw is enabled: it drops what streams open in a table beside its own; run ufw disable first'
  exit 1
fi
echo 'ufw is off'`;

/** Succeeds when the loaded table drops by default. */
export const firewallDrops = `
for chain in input forward; do
  nft list chain inet groundwork $chain 2>&1 | grep -F 'policy drop' || {
    echo "chain $chain of table inet groundwork is not loaded with policy drop"
    exit 1
  }
done`;
