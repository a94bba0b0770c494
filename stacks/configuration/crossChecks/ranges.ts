import { podSubnetOf } from "../../../components/settings.ts";
import type { Problem } from "../../../foundation/problem.ts";
import { contains, overlaps, parseSubnet, type Subnet } from "../../../foundation/subnet.ts";
import type { KnownConfiguration, KnownMachine } from "../known.ts";
import type { NetworkSettings } from "../network.ts";
import { peerAddresses } from "./addresses.ts";
import { doubles, problem, type Said } from "./problem.ts";

const names = [
  "subnet",
  "subnet6",
  "podSubnet",
  "serviceSubnet",
] as const satisfies (keyof NetworkSettings)[];

interface Range {
  /** A setting, or a part of it, such as `machineNetworks[0]`. */
  name: string;
  text: string;
  subnet: Subnet;
}

/** Address ranges that overlap, that hold a machine which is outside or the other way round, or that are too small. */
export function rangeProblems(known: KnownConfiguration): Problem[] {
  const { right } = known.network;
  const ranges = names.flatMap((name) => rangeOf(name, right[name]));
  const homes = (right.machineNetworks ?? []).flatMap((text, index) =>
    rangeOf(`machineNetworks[${index}]`, text),
  );
  return [
    ...ranges.flatMap((one, index) => overlapping(one, ranges.slice(index + 1))),
    ...ranges.filter(isCluster).flatMap((one) => overlapping(one, homes)),
    ...inside(known, ranges.filter(isCluster)),
    ...homeless(known, homes),
    ...podsOfTwo(known),
  ];
}

function rangeOf(name: string, text: string | undefined): Range[] {
  const subnet = text === undefined ? undefined : parseSubnet(text);
  return text === undefined || subnet === undefined ? [] : [{ name, text, subnet }];
}

/** Ranges that exist inside the cluster only. */
const isCluster = ({ name }: Range): boolean => name === "podSubnet" || name === "serviceSubnet";

const overlapping = (one: Range, others: Range[]): Problem[] =>
  others
    .filter((other) => overlaps(one.subnet, other.subnet))
    .map((other) =>
      problem(`network.${other.name}`, `${other.text} overlaps network.${one.name} ${one.text}`),
    );

/** Nodes that come from none of the networks that are said: the others would not let them in. */
function homeless(known: KnownConfiguration, homes: Range[]): Problem[] {
  if (homes.length === 0) return [];
  const all = homes.map(({ text }) => text).join(", ");
  return peerAddresses(known)
    .filter((_, index) => isNode(known.machines[index]))
    .flatMap(({ path, value }) =>
      value === undefined || homes.some(({ subnet }) => contains(subnet, value))
        ? []
        : [problem(path, `${value} lies in no network of network.machineNetworks (${all})`)],
    );
}

function isNode(machine: KnownMachine | undefined): boolean {
  const roles = machine?.settings.right.roles ?? [];
  return roles.includes("server") || roles.includes("agent");
}

/** Existing machines whose address belongs to pods or Services. */
function inside(known: KnownConfiguration, inner: Range[]): Problem[] {
  return peerAddresses(known)
    .filter((_, index) => known.machines[index]?.kind === "existing")
    .flatMap(({ path, value }) =>
      inner
        .filter(({ subnet }) => value !== undefined && contains(subnet, value))
        .map(({ name, text }) => problem(path, `${value} lies in network.${name} ${text}`)),
    );
}

/** Nodes that would have the same pods: their addresses differ, but not in the part that chooses the /24. */
function podsOfTwo(known: KnownConfiguration): Problem[] {
  const { podSubnet } = known.network.right;
  if (known.enabled("delta") !== true || podSubnet === undefined) return [];
  const addresses = new Map<string, string>();
  const nodes = peerAddresses(known).flatMap(({ path, value }, index): Said[] => {
    // Twins have been found already.
    if (!isNode(known.machines[index]) || value === undefined || [...addresses.values()].includes(value))
      return [];
    addresses.set(path, value);
    return [{ path, value: podSubnetOf(value, podSubnet) }];
  });
  return doubles(
    nodes,
    (pods, earlier) =>
      `it ends like ${earlier}, so both machines would have the pods of ${pods}; choose another address or a larger network.podSubnet`,
  );
}
