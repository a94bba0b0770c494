import { GroundworkError } from "../../errors/index.ts";
import type { Deployment } from "../deployment/deployment.ts";
import { UnknownOutcome } from "../session/machine.ts";
import { AnotherHostKey } from "../ssh/failure.ts";
import { confirmByLogin } from "./decideChange.ts";
import { explainFailure } from "./explainFailure.ts";
import { type HostKnown, operationOf } from "./hostOperation.ts";
import type { HostStateSpec } from "./hostStateSpec.ts";
import { change } from "./leasedChange.ts";
import type { Call } from "./resource.ts";

/**
 * Gives everything back that the HostState claims, also where the machine that holds it has another machine-id by now.
 * One that the program itself gave up holds nothing to give back: another key answers than its pin, or another
 * machine-id without those claims; so does one of which a person said that it is gone, and that does not answer.
 * Errors: GW201 when it does not answer, GW313 when that would take the login in use away, GW202 and GW206 when another key or machine answers and nobody said that the machine was replaced.
 */
export async function deleteHostState(
  deployment: Deployment,
  call: Call,
  spec: HostStateSpec,
  known: HostKnown,
): Promise<void> {
  const { messages } = deployment;
  const purge = process.env.GROUNDWORK_PURGE === "yes";
  const { name, user: loginUser } = spec.connection;
  const leaveLocked = deployment.settings().leaveLocked.includes(name);
  const operation = {
    ...operationOf(deployment, call, "delete"),
    purge,
    ...known,
    loginUser,
    leaveLocked,
  };
  const report = await change(deployment, spec.connection, { items: [] }, operation).catch((error: unknown) =>
    whyGone(deployment, spec, error),
  );
  if (report === notTheSame) return messages.info(`${report}: nothing is left to restore`, call.urn);
  if (typeof report === "string")
    return messages.warning(`${name} ${report}: nothing was put back there`, call.urn);
  const isOther = report.errors.some((error) => error.code === "GW206");
  if (isOther && deployment.givenUpPins.hasMachine(spec.connection))
    return messages.info(`${notTheSame}: nothing is left to restore`, call.urn);
  for (const place of report.kept) messages.info(`kept aside: ${place}`, call.urn);
  if (isOther) throw notTheOne(spec, explainFailure(spec, report));
  if (!report.succeeded) throw explainFailure(spec, report);
  const waiting = { ...operation, machineId: report.machineId, operationId: report.operationId };
  if (report.outcome === "unconfirmed") await confirmByLogin(deployment, waiting, spec).catch(unlessLocked);
}

/** What is to be given back may still be on the machine that does not answer here. */
function notTheOne({ connection }: HostStateSpec, failure: GroundworkError): GroundworkError {
  return new GroundworkError("GW206", {
    ...failure,
    mend: `If the old machine is gone for good, run ./groundwork up with ${connection.name} declared: it counts what ran there as gone. Otherwise see why another one answers in its place, and run again`,
    cause: failure,
  });
}

/** The machine answered, and let nobody in: what went was the login in use. */
function unlessLocked(error: unknown): never {
  if (!(error instanceof GroundworkError) || !(error.cause instanceof GroundworkError)) throw error;
  if (!["GW204", "GW205"].includes(error.cause.code)) throw error;
  throw new GroundworkError("GW313", {
    what: error.what,
    where: error.where,
    mend: `Log in by another user or key first, or add --leave-locked ${error.where} to lose this one`,
    cause: error,
  });
}

const notTheSame = "the machine is not the one it was";

/** Why the machine counts as gone; else the error, with what to do if it is. */
function whyGone(deployment: Deployment, { connection }: HostStateSpec, error: unknown): string {
  const { name, bastion } = connection;
  const isNamed = deployment.settings().gone.includes(name);
  // One that began to give back, and fell silent, is there.
  const isSilent =
    error instanceof GroundworkError && error.code === "GW201" && !(error instanceof UnknownOutcome);
  if (isSilent && isNamed) return "does not answer and counts as gone";
  if (isSilent) throw silent(connection, error);
  const { givenUpPins } = deployment;
  if (!(error instanceof AnotherHostKey) || (bastion !== undefined && error.isOf(bastion))) throw error;
  if (error.isOf(connection) && givenUpPins.has(connection)) return notTheSame;
  if (error.isOf(connection) && isNamed) return "counts as gone, another machine answers at its address";
  throw new GroundworkError("GW202", {
    ...error,
    mend: `If the machine was reinstalled: ./groundwork trust ${connection.name} shows the new fingerprint and pins it, and the next ./groundwork up counts what ran on the old one as gone. If it never comes back, and the stack's file no longer has it: add --gone ${connection.name}. Otherwise someone may be in between`,
    cause: error,
  });
}

function silent({ name, bastion }: HostStateSpec["connection"], error: GroundworkError): GroundworkError {
  const way =
    bastion === undefined ? "this computer reaches its network" : `its bastion ${bastion.name} answers`;
  return new GroundworkError("GW201", {
    ...error,
    mend: `See that ${way}, bring the machine back and run again. If it never comes back, add --gone ${name}: what ran there then counts as gone`,
    cause: error,
  });
}
