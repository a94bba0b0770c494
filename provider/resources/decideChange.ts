import { setTimeout as sleep } from "node:timers/promises";
import { GroundworkError } from "../../errors/index.ts";
import type { Check, CheckResult } from "../checks/check.ts";
import { runChecks } from "../checks/runChecks.ts";
import type { Deployment } from "../deployment/deployment.ts";
import type { Operation } from "../engine/program.ts";
import { UnknownOutcome } from "../session/machine.ts";
import type { Report } from "../session/report.ts";
import { conceal } from "./conceal.ts";
import { explainFailure } from "./explainFailure.ts";
import type { HostStateSpec } from "./hostStateSpec.ts";

/** Tries and seconds between them for the login that confirms a change. */
const confirmTries = 5;
const confirmPause = 2;

/**
 * Proves by a new login that a change locked nobody out; without that the machine takes it back by itself. Where a
 * login was lost before its answer, the change is taken back at once, unless the machine says that it was confirmed.
 * Errors: GW302, GW307, {@link UnknownOutcome} where nobody answers any more.
 */
export async function confirmByLogin(
  deployment: Deployment,
  operation: Operation,
  spec: HostStateSpec,
  pauseSeconds = confirmPause,
): Promise<void> {
  const session = deployment.session(spec.connection);
  let last: unknown;
  let lost = false;
  for (let attempt = 1; attempt <= confirmTries; attempt++) {
    if (attempt > 1) await sleep(pauseSeconds * 1000);
    const report = await session.confirm(operation).catch((error: unknown) => {
      last = error;
      lost ||= error instanceof UnknownOutcome;
    });
    if (report?.succeeded) return;
    if (report !== undefined) throw notDecided(spec, report);
  }
  const report = lost ? await session.takeBack(operation) : undefined;
  if (report?.outcome === "committed") return;
  if (report !== undefined && report.outcome !== "restored") throw notDecided(spec, report);
  const now = lost
    ? "the machine was put back as it was"
    : `the machine takes it back by itself within ${operation.deadmanSeconds} s`;
  throw new GroundworkError("GW307", {
    what: `no new login succeeded after the change (${last instanceof Error ? last.message : "unknown"}); ${now}`,
    where: spec.connection.name,
    cause: last,
  });
}

/** Lets checks on other machines decide about a change that waits: it stays, or is put back. Errors: GW302, GW307, GW401, {@link UnknownOutcome}. */
export async function decideFromElsewhere(
  deployment: Deployment,
  operation: Operation,
  spec: HostStateSpec,
  checks: Check[],
): Promise<void> {
  const session = deployment.session(spec.connection);
  const results = await runChecks(deployment, checks, spec.waivers ?? {});
  const failed = results.filter((result) => result.result === "fail" || result.result === "skip");
  if (failed.length === 0) {
    const committed = await session.commit(operation);
    if (!committed.succeeded) throw notDecided(spec, committed);
    return;
  }
  const report = await session.takeBack(operation);
  throw checksFailed(spec, failed, report.outcome === "restored");
}

/**
 * The machine answered without deciding: the change may stay, or be taken back by the timer. Only of one that was taken
 * back before (GW307), or that could not be (GW302), is it known what is there.
 */
function notDecided(spec: HostStateSpec, report: Report): GroundworkError {
  const failure = explainFailure(spec, report);
  if (["GW302", "GW307"].includes(failure.code)) return failure;
  return new UnknownOutcome(failure.code, { ...failure, cause: failure });
}

function checksFailed(spec: HostStateSpec, failed: CheckResult[], restored: boolean): GroundworkError {
  const lines = failed.map(
    (check) => `${check.name} (from ${check.machine}): ${conceal(check.evidence, spec.secrets)}`,
  );
  return new GroundworkError(restored ? "GW401" : "GW302", {
    what: lines.join("; "),
    where: spec.connection.name,
  });
}
