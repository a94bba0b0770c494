import type { Problem } from "../../../foundation/problem.ts";
import { addressText, contains, firstAddress, parseSubnet } from "../../../foundation/subnet.ts";
import type { KnownConfiguration, KnownMachine } from "../known.ts";
import { existingPeerAddress, labPeerAddress } from "../peerAddress.ts";
import { doubles, problem, type Said } from "./problem.ts";

/** Addresses that are missing, used twice, or in no place for a machine. */
export function addressProblems(known: KnownConfiguration): Problem[] {
  const { machines } = known;
  const found = [
    ...machines.flatMap(missingAddress),
    ...doubles(peerAddresses(known), isTaken),
    ...doubles(machines.flatMap(loginAddress), isTaken),
    ...machines.flatMap((machine) => labAddressFault(machine, known)),
    ...machines.flatMap(bastionFault),
  ];
  // One word on each property: what else is wrong with it follows from the first as a rule.
  return found.filter(({ path }, index) => found.findIndex((other) => other.path === path) === index);
}

const isTaken = (address: string, earlier: string): string =>
  `${address} is already ${earlier}; every machine needs its own`;

/** The address by which others know each machine, with the property that says it; for the checks of this folder. */
export function peerAddresses({ machines, network }: KnownConfiguration): Said[] {
  return machines.map((machine) => {
    const { right, isWrong } = machine.settings;
    if (machine.kind === "existing") {
      const { internalAddress } = machine.settings.right;
      const path = `${machine.path}.${internalAddress === undefined ? "address" : "internalAddress"}`;
      const value = machine.settings.isWrong("internalAddress")
        ? undefined
        : existingPeerAddress(machine.settings.right);
      return { path, value };
    }
    const { subnet } = network.right;
    const unknown = isWrong("address") || (right.address === undefined && subnet === undefined);
    return {
      path: `${machine.path}.address`,
      value: unknown ? undefined : labPeerAddress(machine.name, right, subnet ?? ""),
    };
  });
}

function missingAddress(machine: KnownMachine): Problem[] {
  if (machine.kind === "lab") return [];
  const { right, isWrong } = machine.settings;
  if (right.address === undefined || isWrong("internalAddress")) return [];
  if (existingPeerAddress(right) !== undefined) return [];
  return [
    problem(`${machine.path}.address`, `it is no IPv4 address, so internalAddress must be given beside it`),
  ];
}

function loginAddress(machine: KnownMachine): Said[] {
  if (machine.kind === "lab") return [];
  const { address, port } = machine.settings.right;
  const hop = machine.bastion;
  if (address === undefined || port === undefined) return [];
  if (hop !== undefined && hop.right.address === undefined) return [];
  // Behind different bastions one address may well mean two machines.
  const behind = hop === undefined ? "" : ` behind ${hop.right.address}`;
  return [{ path: `${machine.path}.address`, value: `${address} port ${port}${behind}` }];
}

function labAddressFault(machine: KnownMachine, { network }: KnownConfiguration): Problem[] {
  const range = network.right.subnet;
  const subnet = range === undefined ? undefined : parseSubnet(range);
  const { address } = machine.settings.right;
  if (machine.kind === "existing" || subnet === undefined || address === undefined) return [];
  const path = `${machine.path}.address`;
  if (!contains(subnet, address))
    return [problem(path, `${address} does not lie in network.subnet ${range}`)];
  const last = subnet.base + (1n << BigInt(32 - subnet.prefix)) - 1n;
  const edges = [addressText(4, subnet.base), firstAddress(subnet), addressText(4, last)];
  if (!edges.includes(address)) return [];
  const free = `${addressText(4, subnet.base + 2n)} to ${addressText(4, last - 1n)}`;
  return [
    problem(path, `${address} is the network's, its bridge's or its broadcast address (free: ${free})`),
  ];
}

function bastionFault(machine: KnownMachine): Problem[] {
  if (machine.kind === "lab" || machine.bastion === undefined) return [];
  const [own, hop] = [machine.settings.right, machine.bastion.right];
  if (own.address === undefined || own.address !== hop.address || own.port !== hop.port) return [];
  return [
    problem(
      `${machine.path}.bastion.address`,
      `${hop.address} is the machine itself: name another host or port, or leave bastion out`,
    ),
  ];
}
