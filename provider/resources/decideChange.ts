import { setTimeout as sleep } from "node:timers/promises";
import { GroundworkError } from "../../errors/index.ts";
import type { Check, CheckResult } from "../checks/check.ts";
import { runChecks } from "../checks/runChecks.ts";
import type { Deployment } from "../deployment/deployment.ts";
import type { Operation } from "../engine/program.ts";
import { explainFailure } from "./explainFailure.ts";
import type { HostStateSpec } from "./hostStateSpec.ts";

/** Tries and seconds between them for the login that confirms a change. */
const confirmTries = 5;
const confirmPause = 2;

/**
 * Proves by a new login that a change locked nobody out; without that the machine takes it back by itself.
 * Errors: GW307.
 */
export async function confirmByLogin(
  deployment: Deployment,
  operation: Operation,
  spec: HostStateSpec,
): Promise<void> {
  const session = deployment.session(spec.connection);
  let last: unknown;
  for (let attempt = 1; attempt <= confirmTries; attempt++) {
    if (attempt > 1) await sleep(confirmPause * 1000);
    const report = await session.confirm(operation).catch((error: unknown) => {
      last = error;
    });
    if (report?.succeeded) return;
    if (report !== undefined) throw explainFailure(spec, report);
  }
  throw new GroundworkError("GW307", {
    what: `no new login succeeded after the change (${last instanceof Error ? last.message : "unknown"}); the machine takes it back by itself within ${operation.deadmanSeconds} s`,
    where: spec.connection.name,
    cause: last,
  });
}

/** Lets checks on other machines decide about a change that waits: it stays, or is put back. Errors: GW302, GW401. */
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
    if (!committed.succeeded) throw explainFailure(spec, committed);
    return;
  }
  const report = await session.change({ items: [] }, { ...operation, action: "restore" });
  throw checksFailed(spec, failed, report.outcome === "restored");
}

function checksFailed(spec: HostStateSpec, failed: CheckResult[], restored: boolean): GroundworkError {
  const lines = failed.map((check) => `${check.name} (from ${check.machine}): ${check.evidence}`);
  return new GroundworkError(restored ? "GW401" : "GW302", {
    what: lines.join("; "),
    where: spec.connection.name,
  });
}
