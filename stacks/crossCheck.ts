import { isIPv4 } from "node:net";
import { addressText, contains, firstAddress, overlaps, parseSubnet, type Subnet } from "../lab/subnet.ts";
import type {
  BastionSettings,
  Configuration,
  ExistingMachineSettings,
  NetworkSettings,
  Role,
  StreamName,
} from "./configuration.ts";
import type { ConfigurationProblem } from "./configurationProblem.ts";
import { labAddress } from "./labAddress.ts";

/** What the properties of a well-formed configuration say against each other; `stack` is for advice only. */
export function crossCheck(configuration: Configuration, stack: string): ConfigurationProblem[] {
  return [
    ...addressProblems(configuration),
    ...labAddressProblems(configuration),
    ...hostKeyProblems(configuration, stack),
    ...roleProblems(configuration),
    ...networkProblems(configuration),
    ...streamProblems(configuration),
  ];
}

/** The machine's IPv4 address among its peers, with the property that says it. */
export function internalAddress(
  name: string,
  configuration: Configuration,
): { path: string; address: string | undefined } {
  const machine = configuration.machines[name];
  if (machine !== undefined && "existing" in machine) {
    const { address, internalAddress } = machine.existing;
    const path = `machines.${name}.existing.${internalAddress === undefined ? "address" : "internalAddress"}`;
    const known = internalAddress ?? address;
    return { path, address: isIPv4(known) ? known : undefined };
  }
  return {
    path: `machines.${name}.lab.address`,
    address: machine?.lab.address ?? labAddress(name, configuration.network.subnet),
  };
}

/** Networks from which the machines of a stack come. */
export function machineNetworks(configuration: Configuration): string[] {
  const { machines, network } = configuration;
  if (network.machineNetworks !== undefined) return network.machineNetworks;
  const lab = Object.values(machines).some((machine) => "lab" in machine) ? [network.subnet] : [];
  const own = existingMachines(configuration).flatMap(([name]) => {
    const { address } = internalAddress(name, configuration);
    return address === undefined ? [] : [`${address}/32`];
  });
  return [...lab, ...own];
}

/** Machines that are there already, by name. */
export function existingMachines(configuration: Configuration): [string, ExistingMachineSettings][] {
  return Object.entries(configuration.machines).flatMap(([name, machine]) =>
    "existing" in machine ? [[name, machine.existing]] : [],
  );
}

function addressProblems(configuration: Configuration): ConfigurationProblem[] {
  const internal = Object.keys(configuration.machines).map((name) => internalAddress(name, configuration));
  const missing = internal
    .filter(({ address }) => address === undefined)
    .map(({ path }) => problem(path, "it is no IPv4 address, so internalAddress must be given beside it"));
  const logins = existingMachines(configuration).map(([name, { address, port, bastion }]) => ({
    path: `machines.${name}.existing.address`,
    // Behind different bastions one address may well mean two machines.
    address: `${address} port ${port}${bastion === undefined ? "" : ` behind ${bastion.address}`}`,
  }));
  return [...missing, ...doubles(internal), ...doubles(logins), ...hostKeyDoubles(configuration)].filter(
    (entry, index, all) => all.findIndex((other) => other.path === entry.path) === index,
  );
}

function hostKeyDoubles(configuration: Configuration): ConfigurationProblem[] {
  return doubles(
    existingMachines(configuration).map(([name, { hostKey }]) => ({
      path: `machines.${name}.existing.hostKey`,
      address: hostKey,
    })),
  );
}

/** Every value that an earlier property has already. */
function doubles(entries: { path: string; address: string | undefined }[]): ConfigurationProblem[] {
  const first = new Map<string, string>();
  return entries.flatMap(({ path, address }) => {
    const earlier = address === undefined ? undefined : first.get(address);
    if (address !== undefined && earlier === undefined) first.set(address, path);
    return earlier === undefined
      ? []
      : [problem(path, `${address} is already ${earlier}; every machine needs its own`)];
  });
}

function labAddressProblems({ machines, network }: Configuration): ConfigurationProblem[] {
  const subnet = parseSubnet(network.subnet);
  if (subnet === undefined) return [];
  return Object.entries(machines).flatMap(([name, machine]) => {
    const address = "lab" in machine ? machine.lab.address : undefined;
    if (address === undefined) return [];
    const path = `machines.${name}.lab.address`;
    if (!contains(subnet, address))
      return [problem(path, `${address} does not lie in network.subnet ${network.subnet}`)];
    if (edgesOf(subnet).includes(address))
      return [problem(path, `${address} is the network's, its bridge's or its broadcast address`)];
    return [];
  });
}

function edgesOf(subnet: Subnet): string[] {
  const last = subnet.base + (1n << BigInt(32 - subnet.prefix)) - 1n;
  return [addressText(4, subnet.base), firstAddress(subnet), addressText(4, last)];
}

function hostKeyProblems(configuration: Configuration, stack: string): ConfigurationProblem[] {
  const where = stack === "dev" ? "" : ` --stack ${stack}`;
  return existingMachines(configuration).flatMap(([name, machine]) => {
    const hops: [string, BastionSettings | undefined, string][] = [
      [`machines.${name}.existing.hostKey`, machine, name],
      [`machines.${name}.existing.bastion.hostKey`, machine.bastion, `${name} --bastion`],
    ];
    return hops.flatMap(([path, hop, words]): ConfigurationProblem[] =>
      hop === undefined || hop.hostKey !== undefined
        ? []
        : [
            {
              code: "GW203",
              path,
              what: `there is no pinned host key of ${hop.address}`,
              mend: `Run ./groundwork trust ${words}${where} and compare the fingerprint`,
            },
          ],
    );
  });
}

/** Roles that a stream cannot do without, and how many machines may have them. */
const wantedRoles: Partial<Record<StreamName, { role: Role; most: number }>> = {
  charlie: { role: "monitoring", most: 1 },
  delta: { role: "server", most: 1 },
};

function roleProblems({ machines, streams }: Configuration): ConfigurationProblem[] {
  const rolesOf = Object.entries(machines).map(([name, machine]) => ({
    name,
    kind: "lab" in machine ? "lab" : "existing",
    roles: "lab" in machine ? machine.lab.roles : machine.existing.roles,
  }));
  const both = rolesOf
    .filter(({ roles }) => roles.includes("server") && roles.includes("agent"))
    .map(({ name, kind }) =>
      problem(`machines.${name}.${kind}.roles`, "server and agent exclude each other"),
    );
  const wanted = Object.entries(wantedRoles).flatMap(([stream, { role, most }]) => {
    if (!streams[stream as StreamName].enabled) return [];
    const having = rolesOf.filter(({ roles }) => roles.includes(role)).map(({ name }) => name);
    if (having.length === 0)
      return [
        problem(`streams.${stream}`, `it needs a machine with the role ${role}, and no machine has it`),
      ];
    if (having.length > most)
      return [
        problem(
          `streams.${stream}`,
          `${having.length} machines (${having.join(", ")}) have the role ${role}, at most ${most} may`,
        ),
      ];
    return [];
  });
  return [...both, ...wanted];
}

const ranges = [
  "subnet",
  "subnet6",
  "podSubnet",
  "serviceSubnet",
] as const satisfies (keyof NetworkSettings)[];

function networkProblems(configuration: Configuration): ConfigurationProblem[] {
  const { network } = configuration;
  const known = ranges.flatMap((name) => {
    const subnet = parseSubnet(network[name]);
    return subnet === undefined ? [] : [{ name, subnet }];
  });
  const overlapping = known.flatMap((one, index) =>
    known
      .slice(index + 1)
      .filter((other) => overlaps(one.subnet, other.subnet))
      .map((other) =>
        problem(
          `network.${other.name}`,
          `${network[other.name]} overlaps network.${one.name} ${network[one.name]}`,
        ),
      ),
  );
  const inside = existingMachines(configuration).flatMap(([name]) => {
    const { path, address } = internalAddress(name, configuration);
    return known
      .filter(({ name: range }) => range === "podSubnet" || range === "serviceSubnet")
      .filter(({ subnet }) => address !== undefined && contains(subnet, address))
      .map(({ name: range }) => problem(path, `${address} lies in network.${range} ${network[range]}`));
  });
  return [...overlapping, ...inside];
}

/** Streams that a stream stands on. */
export const neededStreams: Record<StreamName, StreamName[]> = {
  alpha: [],
  bravo: ["alpha"],
  charlie: ["alpha"],
  delta: ["alpha", "bravo"],
};

function streamProblems({ streams }: Configuration): ConfigurationProblem[] {
  return Object.entries(neededStreams).flatMap(([name, needed]) =>
    needed
      .filter((other) => streams[name as StreamName].enabled && !streams[other].enabled)
      .map((other) =>
        problem(`streams.${other}.enabled`, `false is not possible while streams.${name} is enabled`),
      ),
  );
}

function problem(path: string, what: string): ConfigurationProblem {
  return { code: "GW101", path, what };
}
