import { setTimeout as sleep } from "node:timers/promises";
import { GroundworkError } from "../../errors/index.ts";
import type { Connection } from "../connection.ts";
import { type Deployment, fateOf } from "../deployment/deployment.ts";
import type { Operation, Wanted } from "../engine/program.ts";
import type { Report } from "../session/report.ts";

/** One changing program under the machine's lease. {@link Deployment.cancel} can stop it. */
export async function change(
  deployment: Deployment,
  connection: Connection,
  wanted: Wanted,
  operation: Operation,
): Promise<Report> {
  const session = deployment.session(connection);
  let current = "";
  try {
    return await underLease(deployment, connection, (more) =>
      session.change(wanted, { ...operation, ...more }, (run, resumed) => {
        if (!resumed) requireNotCancelled(deployment, connection);
        // The one before it ended for a restart of the machine, or because of a lease.
        deployment.ended(current);
        current = run;
        deployment.started(run, session);
        deployment.keepLease(connection);
      }),
    );
  } finally {
    deployment.ended(current);
  }
}

/** What goes before a change and asks its guards, each of which may take its time limit. {@link Deployment.cancel} can stop it. */
export async function readBefore(
  deployment: Deployment,
  connection: Connection,
  wanted: Wanted,
  operation: Operation,
): Promise<Report> {
  const session = deployment.session(connection);
  let current = "";
  try {
    return await session.readWaiting(wanted, operation, (run) => {
      requireNotCancelled(deployment, connection);
      current = run;
      deployment.started(run, session);
    });
  } finally {
    deployment.ended(current);
  }
}

/** Nobody would tell a program of an interrupt that came before it. */
function requireNotCancelled({ cancelled }: Deployment, { name }: Connection): void {
  if (cancelled.aborted)
    throw new GroundworkError("GW310", { what: "cancelled before it began", where: name });
}

/** Runs what takes the lease of a machine; one that a dead process of this computer left is taken over. */
export async function underLease(
  deployment: Deployment,
  connection: Connection,
  run: (more: Pick<Operation, "deadHolder">) => Promise<Report>,
): Promise<Report> {
  const report = await run({});
  if (report.held === undefined) return report;
  deployment.dropLease(connection);
  return (await isGone(report.held.holder)) ? run({ deadHolder: report.held.holder }) : report;
}

/** Seconds within which a provider of this computer whose engine was killed notices that and ends. */
const endingSeconds = 5;

async function isGone(holder: string): Promise<boolean> {
  const end = Date.now() + endingSeconds * 1000;
  while (fateOf(holder) === "alive" && Date.now() < end) await sleep(200);
  return fateOf(holder) === "dead";
}
