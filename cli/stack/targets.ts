import { GroundworkError } from "../../errors/index.ts";
import { type Deployment, gates, hostStates } from "../engine/deployment.ts";

export interface MachineTargets {
  /** The machine that is to be touched. */
  machine: string;
  /** All machines of the configuration. */
  machines: string[];
  /** Streams of the configuration. */
  streams: string[];
  stack: string;
  project: string;
}

/**
 * URNs of everything on one machine, and of the gates, which change none. What is not in the state yet is named by a
 * pattern: its name ends with its machine's. Errors: GW707; GW705 before all streams stand.
 */
export function machineTargets(deployment: Deployment, wanted: MachineTargets): string[] {
  const { machine, machines, streams, stack, project } = wanted;
  requireKnown(machine, machines);
  requireStanding(deployment, streams);
  const start = `urn:pulumi:${stack}::${project}::`;
  // The pattern would take a machine of a longer name as well: then only what stands already is touched.
  const alone = !machines.some((other) => other !== machine && other.endsWith(`-${machine}`));
  const known = hostStates(deployment).filter(({ spec }) => spec.connection.name === machine);
  return [
    `${start}**groundwork:index:LabMachine::${machine}`,
    ...(alone ? [`${start}**groundwork:index:*::*-${machine}`] : []),
    ...known.map(({ urn }) => urn),
    ...gates(deployment).map(({ urn }) => urn),
  ];
}

function requireKnown(machine: string, machines: string[]): void {
  if (machines.includes(machine)) return;
  const what = `there is no such machine; there are ${machines.join(", ")}`;
  throw new GroundworkError("GW707", { where: `--machine ${machine}`, what });
}

/** What depends on a gate that does not stand yet cannot be brought about alone. */
function requireStanding(deployment: Deployment, streams: string[]): void {
  const standing = gates(deployment).map(({ spec }) => spec.stream);
  const missing = streams.filter((stream) => !standing.includes(stream));
  if (missing.length === 0) return;
  throw new GroundworkError("GW705", {
    where: missing.join(", "),
    what: "a single machine can be touched once every stream stands",
    mend: "Run ./groundwork up without --machine first",
  });
}
