import type { Deployment } from "../deployment/deployment.ts";
import type { Action, Operation } from "../engine/program.ts";
import type { Call } from "./resource.ts";

/** What a HostState's program is to do, for whom, and under whose lease. Errors: GW101. */
export function operationOf(deployment: Deployment, call: Call, action: Action): Operation {
  const { deadmanSeconds } = deployment.settings();
  return { action, urn: call.urn, ...programOf(call.urn), holder: deployment.holder, deadmanSeconds };
}

/** Project and stack of a URN, `urn:pulumi:STACK::PROJECT::TYPE::NAME`. */
export function programOf(urn: string): { project: string; stack: string } {
  const [head = "", project = ""] = urn.split("::");
  return { project, stack: head.replace(/^urn:pulumi:/, "") };
}
