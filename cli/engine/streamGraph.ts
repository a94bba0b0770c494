import { GroundworkError } from "../../errors/index.ts";
import {
  type Deployment,
  hostStates,
  labMachineNames,
  nameOf,
  type Resource,
  standing,
} from "./deployment.ts";

/** A stream is a component right below the stack that owns a Gate; everything below it belongs to it. */
export function streamsByUrn(deployment: Deployment): Map<string, string> {
  const resources = new Map(standing(deployment).map((resource) => [resource.urn, resource]));
  const tops = new Map([...resources.keys()].map((urn) => [urn, topmost(urn, resources)]));
  const withGate = new Set(
    [...resources.values()]
      .filter(({ type }) => type === "groundwork:index:Gate")
      .map(({ urn }) => tops.get(urn)),
  );
  // Hosts without a Gate: their stream was cut off before it was proven.
  for (const { urn } of hostStates(deployment)) withGate.add(tops.get(urn));
  return new Map([...tops].filter(([, top]) => withGate.has(top)).map(([urn, top]) => [urn, nameOf(top)]));
}

function topmost(urn: string, resources: Map<string, Resource>): string {
  const parent = resources.get(urn)?.parent;
  const above = parent === undefined ? undefined : resources.get(parent);
  return above === undefined || above.type === "pulumi:pulumi:Stack" ? urn : topmost(above.urn, resources);
}

/** Names of the streams that stand. */
export function streamNames(deployment: Deployment): string[] {
  return [...new Set(streamsByUrn(deployment).values())].sort();
}

/** For each stream the ones that directly stand on it. */
export function directDependents(deployment: Deployment): Map<string, Set<string>> {
  const streams = streamsByUrn(deployment);
  const dependents = new Map<string, Set<string>>();
  for (const resource of standing(deployment)) {
    const stream = streams.get(resource.urn);
    if (stream === undefined) continue;
    for (const urn of dependenciesOf(resource)) {
      const other = streams.get(urn);
      if (other === undefined || other === stream) continue;
      dependents.set(other, (dependents.get(other) ?? new Set()).add(stream));
    }
  }
  return dependents;
}

function dependenciesOf(resource: Resource): string[] {
  const byProperty = Object.values(resource.propertyDependencies ?? {}).flatMap((urns) => urns ?? []);
  return [...(resource.dependencies ?? []), ...byProperty];
}

/** A stream and all that stand on it, the last ones first: the order in which they can be rolled back. */
export function rollbackOrder(deployment: Deployment, stream: string): string[] {
  const dependents = directDependents(deployment);
  const order: string[] = [];
  const visit = (name: string): void => {
    if (order.includes(name)) return;
    for (const other of [...(dependents.get(name) ?? [])].sort()) visit(other);
    order.push(name);
  };
  visit(stream);
  return order;
}

/** What a rollback would take away. */
export interface Rollback {
  /** The last ones first. */
  streams: string[];
  targets: string[];
  /** Machines that would be put back as they were. */
  machines: string[];
}

/**
 * Plans a rollback. `known` are the streams that the program has, whether they stand or not. Errors: GW707 for a stream
 * that does not stand, GW702 while later streams stand on it.
 */
export function planRollback(
  deployment: Deployment,
  stream: string,
  withDependents: boolean,
  known: string[] = [],
): Rollback {
  requireStanding(streamNames(deployment), stream, known);
  const streams = rollbackOrder(deployment, stream);
  const later = streams.filter((name) => name !== stream);
  if (later.length > 0 && !withDependents)
    throw new GroundworkError("GW702", {
      where: stream,
      what: `${later.join(", ")} ${later.length === 1 ? "stands" : "stand"} on it`,
      mend: `Roll ${later.length === 1 ? "it" : "them"} back first, or add --with-dependents`,
    });
  const byUrn = streamsByUrn(deployment);
  const inside = (urn: string): boolean => streams.includes(byUrn.get(urn) ?? "");
  return {
    streams,
    targets: [...byUrn.keys()].filter(inside),
    machines: machinesOf(deployment, inside),
  };
}

function requireStanding(standing: string[], stream: string, known: string[]): void {
  if (standing.includes(stream)) return;
  const there = standing.length === 0 ? "no stream stands" : `these stand: ${standing.join(", ")}`;
  const nothing = standing.length === 0 || known.includes(stream);
  throw new GroundworkError("GW707", {
    where: stream,
    what: `${known.includes(stream) ? "it does not stand on any machine" : "there is no such stream"}; ${there}`,
    ...(nothing ? { mend: "There is nothing to roll back" } : {}),
  });
}

/** Machines on which some of the resources stand. */
export function machinesOf(deployment: Deployment, inside: (urn: string) => boolean): string[] {
  const names = hostStates(deployment).flatMap(({ urn, spec }) =>
    inside(urn) ? [spec.connection.name] : [],
  );
  return [...new Set(names)].sort();
}

/** Those of the machines that were there before. */
export function notOfTheLab(deployment: Deployment, machines: string[]): string[] {
  const lab = labMachineNames(deployment);
  return machines.filter((name) => !lab.includes(name));
}

/** Machines that a person named: to be put back, or gone for good. */
export interface NamedMachines {
  confirm: string[];
  gone?: string[];
}

/**
 * Refuses to change machines back that are not of the lab, unless each is named; `because` says what it would do there.
 * Errors: GW703.
 */
export function requireConfirmed(
  deployment: Deployment,
  machines: string[],
  { confirm, gone = [] }: NamedMachines,
  because = "what is rolled back there is restored for good",
): void {
  const missing = notOfTheLab(deployment, machines).filter((name) => ![...confirm, ...gone].includes(name));
  if (missing.length === 0) return;
  throw new GroundworkError("GW703", {
    where: missing.join(", "),
    what: `not of the lab, and ${because}`,
    mend: `Add --confirm ${[...new Set([...confirm, ...missing])].join(",")}, or --gone for one that never comes back`,
  });
}

/**
 * Refuses names after `--confirm` that are no machine's: a name that is not meant confirms nothing. Errors: GW707.
 */
export function requireMachines(deployment: Deployment, configured: string[], confirmed: string[]): void {
  const known = [...new Set([...configured, ...machinesOf(deployment, () => true)])].sort();
  const unknown = confirmed.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new GroundworkError("GW707", {
    where: `--confirm ${unknown.join(",")}`,
    what: `there is no such machine; ${known.length === 0 ? "there are none" : `there are ${known.join(", ")}`}`,
    ...(known.length === 0 ? { mend: "Leave --confirm out" } : {}),
  });
}
