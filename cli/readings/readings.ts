import { GroundworkError } from "../../errors/index.ts";
import type { Check, CheckResult, Drift, GateSpec, HostStateSpec, Reader } from "../../provider/index.ts";
import { keyOf } from "../../provider/index.ts";
import { type Deployed, type Deployment, gates, hostStates } from "../engine/deployment.ts";

/** One item as its machine was found. */
export interface ItemReading {
  item: string;
  machine: string;
  /** Null where its machine was not read. */
  asDeclared: boolean | null;
  observed?: string;
  desired?: string;
}

/** One check; `unread` where its machine was not reached. */
export interface CheckReading extends Omit<CheckResult, "result" | "unreached"> {
  result: CheckResult["result"] | "unread";
  /** Whose check it is: the gate's, which `up` counts, or a host's, which `up` runs when it changes that host. */
  of: "gate" | "host";
  /** Why it may be skipped or fail. */
  waiver?: string;
}

/** What the machines of one stream said. */
export interface StreamReading {
  stream: string;
  items: ItemReading[];
  checks: CheckReading[];
}

/** What all machines said, and why some did not. */
export interface Reading {
  streams: StreamReading[];
  /** Reasons by machine. */
  unread: Record<string, string>;
}

/** Seconds that a check may take while another machine is not there: it may be waiting for just that one. */
export const impatientSeconds = 20;

/** Seconds that a check may be tried again: what does not hold by then is how things are, nothing is coming about. */
const patienceSeconds = 5;

/** Hears of each part of a reading as soon as it is there, in a line. */
export type Listener = (line: string) => void;

const nobody: Listener = () => undefined;

/** Compares every item of a deployment with its machine. Errors: GW705 where nothing is deployed. */
export async function readItems(
  deployment: Deployment,
  reader: Reader,
  tell: Listener = nobody,
): Promise<Reading> {
  // Nothing would pass for everything being as declared.
  if (hostStates(deployment).length === 0)
    throw new GroundworkError("GW705", { what: "no stream stands on any machine" });
  // All at once: the hosts of a machine share one try to reach it.
  const hosts = await Promise.all(
    hostStates(deployment).map(async (host) => {
      const reading = await observe(host, reader);
      tell(hostLine(reading));
      return reading;
    }),
  );
  const names = streamNames([...hostStates(deployment), ...gates(deployment)]);
  return {
    streams: names.map((stream) => ({
      stream,
      items: hosts.filter((host) => host.stream === stream).flatMap(({ items }) => items),
      checks: [],
    })),
    unread: Object.fromEntries(hosts.flatMap(({ machine, unread }) => (unread ? [[machine, unread]] : []))),
  };
}

/** Compares every item and runs every check of a deployment. What would run on a machine that is not there is not tried. */
export async function readEverything(
  deployment: Deployment,
  reader: Reader,
  tell: Listener = nobody,
): Promise<Reading> {
  const { streams, unread } = await readItems(deployment, reader, tell);
  const owners: Owner[] = [
    ...hostStates(deployment).map(({ spec, secrets }) => ({ of: "host", spec, secrets }) as const),
    ...gates(deployment).map(({ spec, secrets }) => ({ of: "gate", spec, secrets }) as const),
  ];
  const results = await Promise.all(
    owners.map(async (owner) => {
      const checks = await readChecks(owner, unread, reader);
      if (checks.length > 0) tell(checksLine(owner, checks));
      return checks;
    }),
  );
  return {
    streams: streams.map((stream) => ({
      ...stream,
      checks: owners.flatMap(({ spec }, index) =>
        spec.stream === stream.stream ? (results[index] ?? []) : [],
      ),
    })),
    unread: { ...lostMachines(results.flat()), ...unread },
  };
}

/** 0: all machines were read and are as declared; 1: some are not, or not `whole`; 2: a machine was not read. */
export function exitCodeOf({ streams, unread }: Reading, whole: boolean): 0 | 1 | 2 {
  if (Object.keys(unread).length > 0) return 2;
  const good = streams.every(
    ({ items, checks }) => items.every(({ asDeclared }) => asDeclared === true) && checks.every(isOpen),
  );
  return good && whole ? 0 : 1;
}

/** Whether a check lets its gate open. */
export const isOpen = ({ result }: Pick<CheckReading, "result">): boolean =>
  result === "pass" || result === "waived";

/** Compares the items of one HostState with their machine; whatever goes wrong is why they were not read. */
export async function lookAt(
  spec: HostStateSpec,
  reader: Pick<Reader, "observe">,
): Promise<{ drift: Drift[]; unreachable?: string }> {
  return reader.observe(spec).catch((error: unknown) => ({
    drift: [],
    unreachable: error instanceof Error ? error.message : String(error),
  }));
}

interface HostReading {
  stream: string;
  machine: string;
  items: ItemReading[];
  unread?: string;
}

async function observe({ spec }: Deployed<HostStateSpec>, reader: Reader): Promise<HostReading> {
  const place = { stream: spec.stream, machine: spec.connection.name };
  const { drift, unreachable } = await lookAt(spec, reader);
  const items = spec.items.map((item) => itemReading(keyOf(item), place.machine, drift));
  if (unreachable === undefined) return { ...place, items };
  return { ...place, items: items.map((item) => ({ ...item, asDeclared: null })), unread: unreachable };
}

function hostLine({ machine, stream, items, unread }: HostReading): string {
  if (unread !== undefined) return `${machine} ${stream}: not reached`;
  const { length } = items.filter(({ asDeclared }) => asDeclared === true);
  return `${machine} ${stream}: ${length} of ${items.length} items as declared`;
}

function checksLine({ of, spec }: Owner, checks: CheckReading[]): string {
  const place = of === "gate" ? `gate of ${spec.stream}` : `${spec.connection.name} ${spec.stream}`;
  const unread = checks.filter(({ result }) => result === "unread").length;
  const closed = checks.filter((check) => !isOpen(check) && check.result !== "unread");
  const open = checks.length - unread - closed.length;
  const names = closed.map(({ name, machine }) => `${name} (${machine})`).join(", ");
  return [
    `${place}: ${open} of ${checks.length} checks pass or are waived`,
    ...(unread === 0 ? [] : [`${unread} could not run`]),
    ...(names === "" ? [] : [`not: ${names}`]),
  ].join("; ");
}

function itemReading(item: string, machine: string, drift: Drift[]): ItemReading {
  const found = drift.find((other) => other.item === item);
  if (found === undefined) return { item, machine, asDeclared: true };
  return { item, machine, asDeclared: false, observed: found.observed, desired: found.desired };
}

/** Who has checks. */
type Owner = ({ of: "host"; spec: HostStateSpec } | { of: "gate"; spec: GateSpec }) & { secrets: string[] };

async function readChecks(
  owner: Owner,
  unread: Record<string, string>,
  reader: Reader,
): Promise<CheckReading[]> {
  const checks = owner.spec.checks ?? [];
  const reachable = checks.filter((check) => unread[machineOf(check, owner)] === undefined);
  const tried = reachable.map(Object.keys(unread).length === 0 ? hasty : impatient);
  const results =
    tried.length === 0 ? [] : await reader.verify({ ...owner.spec, checks: tried }, owner.secrets);
  return checks.map((check) => {
    const machine = machineOf(check, owner);
    const found = results.find((result) => result.name === check.name && result.machine === machine);
    const waiver = owner.spec.waivers?.[check.name];
    return {
      ...(found === undefined ? notRun(check.name, machine, unread[machine]) : checkReading(found)),
      of: owner.of,
      ...(waiver === undefined ? {} : { waiver }),
    };
  });
}

const machineOf = (check: Check, { of, spec }: Owner): string =>
  check.on?.name ?? (of === "host" ? spec.connection.name : "");

const hasty = (check: Check): Check => ({ ...check, within: Math.min(check.within ?? 0, patienceSeconds) });

/** One short try: what waits for a machine that is gone would wait to its end. */
const impatient = (check: Check): Check => ({
  ...check,
  within: 0,
  timeLimit: Math.min(check.timeLimit ?? impatientSeconds, impatientSeconds),
});

type Found = Omit<CheckReading, "of" | "waiver">;

function checkReading({ unreached, ...result }: CheckResult): Found {
  return unreached === undefined ? result : notRun(result.name, result.machine, unreached);
}

const notRun = (name: string, machine: string, evidence = "not run"): Found => ({
  name,
  machine,
  result: "unread",
  seconds: 0,
  evidence,
});

/** Machines that were there for their items, or have none, and not for a check. */
function lostMachines(checks: CheckReading[]): Record<string, string> {
  const lost = checks.filter(({ result }) => result === "unread");
  return Object.fromEntries(lost.map(({ machine, evidence }) => [machine, evidence]));
}

function streamNames(deployed: { spec: { stream: string } }[]): string[] {
  return [...new Set(deployed.map(({ spec }) => spec.stream))].sort();
}
