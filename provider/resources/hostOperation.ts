import type { Deployment } from "../deployment/deployment.ts";
import type { Action, Operation } from "../engine/program.ts";
import type { Call, Properties } from "./resource.ts";

/** What a HostState's program is to do, for whom, and under whose lease. Errors: GW101. */
export function operationOf(deployment: Deployment, call: Call, action: Action): Operation {
  const { deadmanSeconds, adopt } = deployment.settings();
  return { action, urn: call.urn, ...programOf(call.urn), holder: deployment.holder, deadmanSeconds, adopt };
}

/** What the state knows of a HostState on its machine. */
export type HostKnown = Pick<Operation, "machineId" | "formerUrn">;

/** Reads it from the state's outputs; `claimant` is the URN by which the machine's registry knows it. */
export function knownOf({ machineId = "", claimant }: Properties): HostKnown & { machineId: string } {
  return {
    machineId: String(machineId),
    ...(typeof claimant === "string" ? { formerUrn: claimant } : {}),
  };
}

/** Project and stack of a URN, `urn:pulumi:STACK::PROJECT::TYPE::NAME`. */
export function programOf(urn: string): { project: string; stack: string } {
  const [head = "", project = ""] = urn.split("::");
  return { project, stack: head.replace(/^urn:pulumi:/, "") };
}
