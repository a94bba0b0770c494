import { readFile } from "node:fs/promises";
import { type AptConfiguration, aptConfigurationFor } from "./aptConfiguration.ts";
import { machineAddress6, networkState } from "./naming.ts";
import type { LabMachineSpec } from "./spec.ts";

/** A file of a new machine, given from outside before it boots for the first time. */
export interface MachineFile {
  /** Path inside the machine, without the leading slash. */
  path: string;
  content: string;
  /** 0644 by default. */
  mode?: number;
}

/** What this host knows and every new machine needs: where packages and names come from. */
export interface HostKnowledge {
  apt: AptConfiguration;
  resolvConf: string;
}

export async function hostKnowledge(spec: LabMachineSpec): Promise<HostKnowledge> {
  const candidates = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
  const texts = await Promise.all(candidates.map((file) => readFile(file, "utf8").catch(() => "")));
  return { apt: await aptConfigurationFor(spec.release), resolvConf: reachableResolvers(texts) };
}

/** The first text of a resolv.conf whose servers a machine can reach too: not this host's own loopback. */
export function reachableResolvers(texts: string[]): string {
  const servers = (text: string) =>
    [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] ?? "");
  const loopback = (address: string) => address.startsWith("127.") || address === "::1";
  return texts.find((text) => servers(text).some((server) => !loopback(server))) ?? texts[0] ?? "";
}

/** Everything that makes a machine this one: names, addresses, login, package sources. */
export function machineFiles(spec: LabMachineSpec, machineId: string, host: HostKnowledge): MachineFile[] {
  return [
    { path: "etc/hostname", content: `${spec.name}\n` },
    { path: "etc/hosts", content: hostsFile(spec.name) },
    { path: "etc/machine-id", content: `${machineId}\n`, mode: 0o444 },
    { path: "etc/resolv.conf", content: host.resolvConf },
    { path: "etc/systemd/network/10-lab.network", content: networkFile(spec) },
    { path: "etc/apt/sources.list.d/debian.sources", content: host.apt.sources },
    { path: "etc/apt/apt.conf.d/90lab", content: host.apt.settings },
    { path: "root/.ssh/authorized_keys", content: `${spec.publicKey.trim()}\n`, mode: 0o600 },
  ];
}

function hostsFile(name: string): string {
  return `127.0.0.1 localhost
127.0.1.1 ${name}
::1 localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
`;
}

/** Static addresses. The name must sort before systemd's own 80-container-host0.network. */
function networkFile(spec: LabMachineSpec): string {
  const { gateway, gateway6 } = networkState(spec.network);
  const prefix = (subnet: string) => subnet.split("/")[1];
  const address6 = machineAddress6(spec);
  const lines6 = address6
    ? `
[Address]
Address=${address6}/${prefix(spec.network.subnet6 ?? "")}
DuplicateAddressDetection=none

[Route]
Gateway=${gateway6}
`
    : "";
  return `[Match]
Name=host0

[Network]
Address=${spec.address}/${prefix(spec.network.subnet)}
Gateway=${gateway}
IPv6AcceptRA=no
${lines6}`;
}
