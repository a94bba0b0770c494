import { Deployment } from "./deployment/deployment.ts";
import { GateResource } from "./resources/gate.ts";
import { HostStateResource } from "./resources/hostState.ts";
import { LabMachineResource } from "./resources/labMachine.ts";
import { LabNetworkResource } from "./resources/labNetwork.ts";
import type { Failure, Properties, ResourceType } from "./resources/resource.ts";

export type { Properties } from "./resources/resource.ts";
export { unknown } from "./wire.ts";

/**
 * What the provider refuses of a program's resources, without the engine and without a machine: fields that are not
 * valid, and items that two of them want differently on one machine.
 */
export interface Examiner {
  /** Refusals of one more resource, given by its type's last word. Secrets and unknown values are marked as for the engine. */
  examine(type: string, urn: string, inputs: Properties): Failure[];
  close(): Promise<void>;
}

/** Opens an examiner; close it when done. */
export function openExaminer(): Examiner {
  const silent = { info: () => undefined, warning: () => undefined, status: () => undefined };
  const deployment = new Deployment(silent);
  const resources: Record<string, ResourceType> = {
    HostState: new HostStateResource(deployment),
    Gate: new GateResource(deployment),
    LabNetwork: new LabNetworkResource(deployment),
    LabMachine: new LabMachineResource(deployment),
  };
  return {
    examine: (type, urn, inputs) => resources[type]?.check(urn, inputs) ?? [],
    close: () => deployment.close(),
  };
}
