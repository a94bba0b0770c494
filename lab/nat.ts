import { attempt, run } from "./command.ts";
import { networkNames, networkState } from "./naming.ts";
import type { LabNetworkSpec } from "./spec.ts";

/**
 * The nftables script that makes a network's own table, replacing an earlier one in one step.
 * Machines reach the outside by NAT. The outside does not reach them, nor their artifacts: this host forwards now,
 * and a neighbour could set a route through it.
 */
export function natRules(spec: LabNetworkSpec): string {
  const { table } = networkNames(spec.name);
  const { bridge, gateway } = networkState(spec);
  const masquerade6 = spec.subnet6 ? `\n    ip6 saddr ${spec.subnet6} oifname != "${bridge}" masquerade` : "";
  return `table inet ${table}
delete table inet ${table}
table inet ${table} {
  chain outbound {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${spec.subnet} oifname != "${bridge}" masquerade${masquerade6}
  }
  chain forwarded {
    type filter hook forward priority mangle; policy accept;
    iifname != "${bridge}" oifname "${bridge}" ct state new drop
    iifname "${bridge}" tcp flags syn tcp option maxseg size set rt mtu
    oifname "${bridge}" tcp flags syn tcp option maxseg size set rt mtu
  }
  chain inbound {
    type filter hook input priority filter; policy accept;
    iifname != { "${bridge}", "lo" } ip daddr ${gateway} drop
  }
}
`;
}

export async function ensureNat(spec: LabNetworkSpec): Promise<void> {
  await run("nft", ["-f", "-"], { input: natRules(spec) });
}

export async function natExists(network: string): Promise<boolean> {
  return (await attempt("nft", ["list", "table", "inet", networkNames(network).table])).exitCode === 0;
}

export async function removeNat(network: string): Promise<void> {
  if (await natExists(network)) await run("nft", ["delete", "table", "inet", networkNames(network).table]);
}
