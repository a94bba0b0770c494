import { randomUUID } from "node:crypto";
import { GroundworkError } from "../../errors/index.ts";
import type { Deployment } from "../deployment/deployment.ts";
import { inOrder } from "../engine/program.ts";
import { keyOf } from "../items/index.ts";
import { UnknownOutcome } from "../session/machine.ts";
import type { Report } from "../session/report.ts";
import { secret } from "../wire.ts";
import { bringArtifacts } from "./bringArtifacts.ts";
import { collectTickets } from "./collectTickets.ts";
import { conceal } from "./conceal.ts";
import { confirmByLogin, decideFromElsewhere } from "./decideChange.ts";
import { explainFailure } from "./explainFailure.ts";
import { type HostKnown, operationOf } from "./hostOperation.ts";
import type { HostStateSpec } from "./hostStateSpec.ts";
import { change } from "./leasedChange.ts";
import type { Call, Properties } from "./resource.ts";

/**
 * Brings about every item on the machine, or puts it back as it was. What is needed from elsewhere is fetched first:
 * files, then tickets, which are short-lived. The answer is what the state keeps.
 */
export async function applyHostState(
  deployment: Deployment,
  call: Call,
  wanted: HostStateSpec,
  known: HostKnown = {},
): Promise<Properties> {
  const operation = {
    ...operationOf(deployment, call, "apply"),
    ...known,
    loginUser: wanted.connection.user,
  };
  await bringArtifacts(deployment, wanted, operation);
  const tickets = await collectTickets(deployment, wanted, { ...operation, action: "request" });
  const spec = { ...wanted, secrets: [...wanted.secrets, ...Object.values(tickets)] };
  const remote = (spec.checks ?? []).filter((check) => check.on !== undefined);
  const local = { ...spec, checks: (spec.checks ?? []).filter((check) => check.on === undefined) };
  const hold = remote.length > 0;
  const report = await change(deployment, spec.connection, local, { ...operation, tickets, hold });
  tell(deployment, call, spec, report);
  if (!report.succeeded) throw leftBy(report, explainFailure(local, report));
  const here = { ...operation, machineId: report.machineId, operationId: report.operationId };
  if (report.armed) await confirmByLogin(deployment, { ...here, hold }, spec);
  if (hold) await decideFromElsewhere(deployment, here, spec, remote);
  return outputsOf(spec, report, call.urn);
}

/** It failed after the machine's registry had come to know the HostState by its present URN. */
export class ClaimMoved extends UnknownOutcome {}

/** A failure that left more behind than it found: the error says so by its class. */
function leftBy(report: Report, failure: GroundworkError): GroundworkError {
  const about = { ...failure, cause: failure };
  if (report.adopted.length > 0) return new ClaimMoved(failure.code, about);
  const changed = report.changed.length + report.released.length > 0;
  return changed && report.outcome === "untouched" ? new UnknownOutcome(failure.code, about) : failure;
}

/**
 * The machine may hold parts of what was begun: the state must know of it, so that a destroy takes them back, and the
 * next `up` brings everything about again, also where its program wants the old edition.
 */
export function leavesSomething(error: unknown): error is GroundworkError {
  return error instanceof UnknownOutcome || (error instanceof GroundworkError && error.code === "GW302");
}

function tell({ messages }: Deployment, call: Call, spec: HostStateSpec, report: Report): void {
  const items = inOrder(spec.items);
  for (const urn of report.adopted) messages.info(`took over what was claimed as ${urn}`, call.urn);
  if (report.settled) messages.info("an interrupted operation was put back first", call.urn);
  if (report.boots > 0)
    messages.info("the machine was restarted, and the operation went on after it", call.urn);
  const changed = report.changed.flatMap(({ index }) => items[index - 1] ?? []).map(keyOf);
  // What was put back again, and what could not be, is told by the error.
  const stays = report.outcome !== "restored" && report.outcome !== "unrestored";
  if (changed.length > 0 && stays) messages.info(`changed ${listed(changed)}`, call.urn);
  if (report.settled && report.outcome !== "unrestored")
    for (const text of report.unrestored)
      messages.warning(
        `of the earlier operation this could not be put back: ${conceal(text, spec.secrets)}`,
        call.urn,
      );
  for (const place of report.kept) messages.info(`kept aside: ${place}`, call.urn);
}

/** The first few by name, the others by number. */
function listed(names: string[], most = 8): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(", ")} and ${more} more` : names.join(", ");
}

function outputsOf(spec: HostStateSpec, report: Report, claimant: string): Properties {
  const isSecret = ([name]: [string, string]): boolean => spec.facts?.[name]?.secret === true;
  const facts = Object.entries(report.facts);
  return {
    machineId: report.machineId,
    claimant,
    generation: randomUUID(),
    facts: Object.fromEntries(facts.filter((fact) => !isSecret(fact))),
    secretFacts: secret(Object.fromEntries(facts.filter(isSecret))),
    drift: [],
  };
}
