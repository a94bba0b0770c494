import { isIPv4 } from "node:net";
import { labAddress } from "../labAddress.ts";
import type { LabMachineSettings, MachineSettings } from "./machines.ts";
import type { NetworkSettings } from "./network.ts";

/** The IPv4 address by which the other machines of a stack know one; undefined where nothing says it. */
export function peerAddress(
  name: string,
  machine: MachineSettings,
  { subnet }: NetworkSettings,
): string | undefined {
  return "lab" in machine ? labPeerAddress(name, machine.lab, subnet) : existingPeerAddress(machine.existing);
}

/** That of a lab machine: its own, or the one that follows from its name. */
export const labPeerAddress = (
  name: string,
  { address }: Partial<LabMachineSettings>,
  subnet: string,
): string => address ?? labAddress(name, subnet);

/** That of an existing machine: the one that is said, or the one for logins where that is an IPv4 address. */
export function existingPeerAddress({
  address,
  internalAddress,
}: {
  address?: string;
  internalAddress?: string;
}): string | undefined {
  return internalAddress ?? (address !== undefined && isIPv4(address) ? address : undefined);
}

/** Networks from which the machines of a stack come. */
export function machineNetworks(
  machines: Record<string, MachineSettings>,
  network: NetworkSettings,
): string[] {
  if (network.machineNetworks !== undefined) return network.machineNetworks;
  const all = Object.entries(machines);
  const lab = all.some(([, machine]) => "lab" in machine) ? [network.subnet] : [];
  const own = all.flatMap(([name, machine]) => {
    const address = "existing" in machine ? peerAddress(name, machine, network) : undefined;
    return address === undefined ? [] : [`${address}/32`];
  });
  return [...lab, ...own];
}
