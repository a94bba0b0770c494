import { GroundworkError } from "../../errors/index.ts";
import type { Connection } from "../connection.ts";
import type { Deployment } from "../deployment/deployment.ts";
import { inOrder } from "../engine/program.ts";
import { keyOf, kindOf } from "../items/index.ts";
import type { Report } from "../session/report.ts";
import { explainFailure } from "./explainFailure.ts";
import { programOf } from "./hostOperation.ts";
import { type Drift, type HostStateSpec, notShown } from "./hostStateSpec.ts";

/** What a look at a machine found. */
export interface HostObservation {
  machineId?: string;
  drift: Drift[];
  unreachable?: string;
}

/** Compares every item of a HostState with its machine; changes nothing. */
export async function observeHost(
  deployment: Deployment,
  spec: HostStateSpec,
  urn: string,
): Promise<HostObservation> {
  try {
    return await compare(deployment, spec, urn);
  } catch (error) {
    if (error instanceof GroundworkError && ["GW201", "GW202", "GW204"].includes(error.code))
      return { drift: [], unreachable: error.message };
    throw error;
  }
}

/** The machine-id of who answers under a connection's pin; undefined where nobody can be asked. */
export async function machineIdAt(
  deployment: Deployment,
  connection: Connection,
  urn: string,
): Promise<string | undefined> {
  try {
    const operation = { action: "read" as const, urn, ...programOf(urn) };
    return (await deployment.session(connection).read({ items: [] }, operation)).machineId || undefined;
  } catch (error) {
    if (error instanceof GroundworkError) return undefined;
    throw error;
  }
}

/**
 * True when the machine, at whatever address it is now, is the one of this identity and as it was left.
 * Errors: GW201, GW202, GW204 when it cannot be reached, GW206 when it is another one.
 */
export async function isAsItWasLeft(
  deployment: Deployment,
  spec: HostStateSpec,
  urn: string,
  machineId: string,
): Promise<boolean> {
  return (await compare(deployment, spec, urn, machineId)).drift.length === 0;
}

async function compare(
  deployment: Deployment,
  spec: HostStateSpec,
  urn: string,
  machineId?: string,
): Promise<Omit<HostObservation, "unreachable">> {
  const session = deployment.session(spec.connection);
  const report = await session.read(
    { items: spec.items },
    { action: "read", urn, ...programOf(urn), machineId },
  );
  if (!report.succeeded) throw explainFailure(spec, report);
  return { machineId: report.machineId, drift: driftOf(spec, report) };
}

function driftOf(spec: HostStateSpec, report: Report): Drift[] {
  const items = inOrder(spec.items);
  return report.differs.flatMap(({ index, observed }) => {
    const item = items[index - 1];
    if (item === undefined) return [];
    const key = keyOf(item);
    return [
      spec.secretItems.includes(key)
        ? { item: key, observed: notShown, desired: "as declared, with a secret" }
        : { item: key, observed, desired: kindOf(item).desired(item) },
    ];
  });
}
