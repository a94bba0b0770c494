import { GroundworkError } from "../../errors/index.ts";
import type { Connection } from "../connection.ts";
import type { Deployment } from "../deployment/deployment.ts";
import type { CheckReport } from "../session/report.ts";
import { type Check, type CheckResult, judge } from "./check.ts";

/** Checks that run side by side on one machine. */
const lanes = 4;

/** Runs checks on the machines they name, side by side. */
export async function runChecks(
  deployment: Deployment,
  checks: Check[],
  waivers: Record<string, string>,
  on?: Connection,
): Promise<CheckResult[]> {
  const results = new Map<Check, CheckResult>();
  await Promise.all(
    groups(checks, on).map(async ({ connection, group }) => {
      const reports = await runGroup(deployment, connection, group);
      group.forEach((check, index) => {
        results.set(check, resultOf(check, connection, reports[index] ?? { evidence: "not run" }, waivers));
      });
    }),
  );
  return checks.flatMap((check) => results.get(check) ?? []);
}

function groups(checks: Check[], on: Connection | undefined): { connection: Connection; group: Check[] }[] {
  const machines = new Map<string, { connection: Connection; checks: Check[] }>();
  for (const check of checks) {
    const connection = check.on ?? on;
    if (connection === undefined) continue;
    const machine = machines.get(connection.name) ?? { connection, checks: [] };
    machine.checks.push(check);
    machines.set(connection.name, machine);
  }
  return [...machines.values()].flatMap((machine) =>
    Array.from({ length: Math.min(lanes, machine.checks.length) }, (_, lane) => ({
      connection: machine.connection,
      group: machine.checks.filter((_, index) => index % lanes === lane),
    })),
  );
}

/** A check of which no report came, and why. */
type NotRun = Pick<CheckResult, "evidence" | "unreached">;

async function runGroup(
  deployment: Deployment,
  connection: Connection,
  checks: Check[],
): Promise<(CheckReport | NotRun)[]> {
  try {
    const report = await deployment
      .session(connection)
      .read({ items: [], checks }, { action: "verify", urn: "", project: "", stack: "" });
    return checks.map(
      (_, index) =>
        report.checks.find((found) => found.id === `c${index + 1}`) ?? {
          evidence: "the check did not report its end",
        },
    );
  } catch (error) {
    const evidence = error instanceof Error ? error.message : String(error);
    return checks.map(() => (isUnreached(error) ? { evidence, unreached: evidence } : { evidence }));
  }
}

/** The family of errors about connections. */
const isUnreached = (error: unknown): boolean =>
  error instanceof GroundworkError && error.code.startsWith("GW2");

function resultOf(
  check: Check,
  connection: Connection,
  report: CheckReport | NotRun,
  waivers: Record<string, string>,
): CheckResult {
  const common = { name: check.name, machine: connection.name };
  if (!("result" in report)) return { ...common, result: "fail", seconds: 0, ...report };
  const { result, note } = judge(report.result, waivers[check.name]);
  return { ...common, result, seconds: report.seconds, evidence: `${note}${report.evidence}` };
}
