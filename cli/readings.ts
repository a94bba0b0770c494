import { GroundworkError } from "../errors/index.ts";
import type { CheckResult, Drift, GateSpec, HostStateSpec, Reader } from "../provider/index.ts";
import { keyOf } from "../provider/index.ts";
import { type Deployed, type Deployment, gates, hostStates } from "./engine/deployment.ts";

/** One item as its machine was found. */
export interface ItemReading {
  item: string;
  machine: string;
  asDeclared: boolean;
  observed?: string;
  desired?: string;
}

/** One check; `unread` where its machine was not reached. */
export interface CheckReading extends Omit<CheckResult, "result"> {
  result: CheckResult["result"] | "unread";
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
  unread: Record<string, string>;
}

/** Compares every item of a deployment with its machine. Errors: GW705 where nothing is deployed. */
export async function readItems(deployment: Deployment, reader: Reader): Promise<Reading> {
  // Nothing would pass for everything being as declared.
  if (hostStates(deployment).length === 0)
    throw new GroundworkError("GW705", { what: "no stream stands on any machine" });
  const hosts = await Promise.all(hostStates(deployment).map((host) => observe(host, reader)));
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

/** Compares every item and runs every check of a deployment. */
export async function readEverything(deployment: Deployment, reader: Reader): Promise<Reading> {
  const specs = [...hostStates(deployment), ...gates(deployment)];
  const [reading, ...results] = await Promise.all([
    readItems(deployment, reader),
    ...specs.map(({ spec }) => runChecks(spec, reader)),
  ]);
  const checks = specs.map(({ spec }, index) => ({ stream: spec.stream, checks: results[index] ?? [] }));
  const unreadable = new Set(Object.keys(reading.unread));
  return {
    ...reading,
    streams: reading.streams.map((stream) => ({
      ...stream,
      checks: checks
        .filter((own) => own.stream === stream.stream)
        .flatMap((own) => own.checks)
        .map((check) => (unreadable.has(check.machine) ? { ...check, result: "unread" } : check)),
    })),
  };
}

/** 0: all machines were read and are as declared; 1: some are not; 2: a machine was not read. */
export function exitCodeOf({ streams, unread }: Reading): 0 | 1 | 2 {
  if (Object.keys(unread).length > 0) return 2;
  const good = streams.every(
    ({ items, checks }) => items.every(({ asDeclared }) => asDeclared) && checks.every(isOpen),
  );
  return good ? 0 : 1;
}

/** Whether a check lets its gate open. */
export const isOpen = ({ result }: Pick<CheckReading, "result">): boolean =>
  result === "pass" || result === "waived";

interface HostReading {
  stream: string;
  machine: string;
  items: ItemReading[];
  unread?: string;
}

async function observe({ spec }: Deployed<HostStateSpec>, reader: Reader): Promise<HostReading> {
  const place = { stream: spec.stream, machine: spec.connection.name };
  try {
    const { drift, unreachable } = await reader.observe(spec);
    if (unreachable !== undefined) return { ...place, items: [], unread: unreachable };
    return { ...place, items: spec.items.map((item) => itemReading(keyOf(item), place.machine, drift)) };
  } catch (error) {
    return { ...place, items: [], unread: error instanceof Error ? error.message : String(error) };
  }
}

function itemReading(item: string, machine: string, drift: Drift[]): ItemReading {
  const found = drift.find((other) => other.item === item);
  if (found === undefined) return { item, machine, asDeclared: true };
  return { item, machine, asDeclared: false, observed: found.observed, desired: found.desired };
}

async function runChecks(spec: HostStateSpec | GateSpec, reader: Reader): Promise<CheckReading[]> {
  const results = (spec.checks ?? []).length === 0 ? [] : await reader.verify(spec);
  return results.map((result) => {
    const waiver = spec.waivers?.[result.name];
    return waiver === undefined ? result : { ...result, waiver };
  });
}

function streamNames(deployed: { spec: { stream: string } }[]): string[] {
  return [...new Set(deployed.map(({ spec }) => spec.stream))].sort();
}
