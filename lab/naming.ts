import { createHash } from "node:crypto";
import { join } from "node:path";
import { firstAddress, parseSubnet, samePlace } from "../foundation/subnet.ts";
import type { LabMachineSpec, LabNetworkSpec, LabNetworkState } from "./spec.ts";

/** Where the lab keeps what it must know without Pulumi: one folder per network. */
export const stateRoot = "/var/lib/groundwork-lab";

const digest = (text: string, length: number) =>
  createHash("sha256").update(text).digest("hex").slice(0, length);

/** Every name and place that belongs to one network. */
export function networkNames(network: string) {
  const folder = join(stateRoot, network);
  return {
    folder,
    record: join(folder, "network.json"),
    machines: join(folder, "machines"),
    artifactRecord: join(folder, "artifactServer.json"),
    /** No machine can be called like this. */
    artifactCgroup: `groundwork-lab.${network}.artifactServer`,
    artifactLog: join(folder, "artifactServer.log"),
    bridge: `gw-${network}`,
    table: `groundwork-lab.${network}`,
    /** A fixed hardware address, so machines keep reaching the bridge after it was made again. */
    hardwareAddress: `0e:${digest(`bridge ${network}`, 10).match(/../g)?.join(":")}`,
    /** A dot cannot occur in names, so no network's prefix is another one's. */
    cgroupPrefix: `groundwork-lab.${network}.`,
    /** systemd-nspawn puts `vb-` before a machine's name; the digest keeps equal names of two networks apart. */
    interfacePrefix: `vb-${digest(network, 4)}`,
  };
}

/** Every name and place that belongs to one machine. */
export function machineNames(network: string, machine: string) {
  const owner = networkNames(network);
  const folder = join(owner.machines, machine);
  const disk = join(folder, "disk");
  const short = machine.length <= 8 ? machine : `${machine.slice(0, 4)}${digest(machine, 4)}`;
  return {
    folder,
    spec: join(folder, "spec.json"),
    identity: join(folder, "identity.json"),
    ground: join(folder, "ground.json"),
    process: join(folder, "process.json"),
    console: join(folder, "console.log"),
    image: join(folder, "disk.img"),
    /** Where the disk is mounted, seen by the machine's own processes alone. */
    disk,
    /** Where the machine's whole tree is mounted, seen likewise. */
    root: join(folder, "root"),
    cgroup: `${owner.cgroupPrefix}${machine}`,
    interface: `${owner.interfacePrefix}${short}`,
    container: `${owner.interfacePrefix.slice(3)}${short}`,
  };
}

export type MachineNames = ReturnType<typeof machineNames>;

/** What a network will be like, from its specification alone. */
export function networkState(spec: LabNetworkSpec): LabNetworkState {
  const subnet = parseSubnet(spec.subnet);
  const subnet6 = spec.subnet6 === undefined ? undefined : parseSubnet(spec.subnet6);
  const gateway = subnet ? firstAddress(subnet) : "";
  return {
    bridge: networkNames(spec.name).bridge,
    gateway,
    gateway6: subnet6 ? firstAddress(subnet6) : "",
    artifactUrl: `http://${gateway}:${spec.artifactPort}`,
  };
}

/** The machine's IPv6 address: its own, or the one at the same place as its IPv4 address; empty without one. */
export function machineAddress6(spec: LabMachineSpec): string {
  if (spec.address6 !== undefined) return spec.address6;
  const from = parseSubnet(spec.network.subnet);
  const to = spec.network.subnet6 === undefined ? undefined : parseSubnet(spec.network.subnet6);
  return from && to ? samePlace(from, spec.address, to) : "";
}
