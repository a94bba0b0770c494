import { podSubnetOf } from "../../../components/settings.ts";
import type { Problem } from "../../../foundation/problem.ts";
import { contains, overlaps, parseSubnet, type Subnet } from "../../../foundation/subnet.ts";
import type { KnownConfiguration } from "../known.ts";
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
  name: (typeof names)[number];
  text: string;
  subnet: Subnet;
}

/** Address ranges that overlap, that hold a machine which is outside, or that are too small. */
export function rangeProblems(known: KnownConfiguration): Problem[] {
  const ranges = names.flatMap((name): Range[] => {
    const text = known.network.right[name];
    const subnet = text === undefined ? undefined : parseSubnet(text);
    return text === undefined || subnet === undefined ? [] : [{ name, text, subnet }];
  });
  return [...overlapping(ranges), ...inside(known, ranges), ...podsOfTwo(known)];
}

const overlapping = (ranges: Range[]): Problem[] =>
  ranges.flatMap((one, index) =>
    ranges
      .slice(index + 1)
      .filter((other) => overlaps(one.subnet, other.subnet))
      .map((other) =>
        problem(`network.${other.name}`, `${other.text} overlaps network.${one.name} ${one.text}`),
      ),
  );

/** Existing machines whose address belongs to pods or Services. */
function inside(known: KnownConfiguration, ranges: Range[]): Problem[] {
  const inner = ranges.filter(({ name }) => name === "podSubnet" || name === "serviceSubnet");
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
    const roles = known.machines[index]?.settings.right.roles ?? [];
    const isNode = roles.includes("server") || roles.includes("agent");
    // Twins have been found already.
    if (!isNode || value === undefined || [...addresses.values()].includes(value)) return [];
    addresses.set(path, value);
    return [{ path, value: podSubnetOf(value, podSubnet) }];
  });
  return doubles(
    nodes,
    (pods, earlier) =>
      `it ends like ${earlier}, so both machines would have the pods of ${pods}; choose another address or a larger network.podSubnet`,
  );
}
