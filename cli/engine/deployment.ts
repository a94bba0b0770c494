import {
  type GateSpec,
  type HostStateInputs,
  type HostStateSpec,
  secretTexts,
  type Wire,
  withSecretItems,
} from "../../provider/index.ts";

/** The parts of an exported stack that we read. */
export interface Deployment {
  version: number;
  deployment: {
    resources?: Resource[];
    pending_operations?: Pending[];
    [other: string]: unknown;
  };
}

/** An operation on a resource that was begun and whose end the state does not know. */
export interface Pending {
  resource: Resource;
  /** `creating`, `updating`, `deleting`, … */
  type: string;
}

/** One resource of an exported stack. */
export interface Resource {
  urn: string;
  type: string;
  custom: boolean;
  parent?: string;
  id?: string;
  /** Replaced already, and yet to be deleted. */
  delete?: boolean;
  /** Deleted already, and yet to be made anew. */
  pendingReplacement?: boolean;
  /** Whether the engine reads it before it decides what to do. */
  refreshBeforeUpdate?: boolean;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[] | null>;
  deletedWith?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** A resource whose inputs are a specification of ours, secrets revealed. */
export interface Deployed<Spec> {
  urn: string;
  name: string;
  spec: Spec;
  /** Secret values among its inputs: what a machine says is shown without them. */
  secrets: string[];
}

/** Resources that stand, the replaced ones left out. */
export function standing(deployment: Deployment): Resource[] {
  return (deployment.deployment.resources ?? []).filter((resource) => resource.delete !== true);
}

export const hostStates = (deployment: Deployment): Deployed<HostStateSpec>[] =>
  ofType(deployment, "HostState").map((resource) =>
    deployed(resource, withSecretItems(revealed(resource.inputs) as HostStateInputs, wired(resource.inputs))),
  );

export const gates = (deployment: Deployment): Deployed<GateSpec>[] =>
  ofType(deployment, "Gate").map((resource) => deployed(resource, revealed(resource.inputs) as GateSpec));

/** Whether anything of a lab stands on this computer. */
export const hasLab = (deployment: Deployment): boolean =>
  standing(deployment).some(({ type }) => /^groundwork:index:Lab(Network|Machine)$/.test(type));

/** Names of the machines that belong to the lab. */
export function labMachineNames(deployment: Deployment): string[] {
  return standing(deployment)
    .filter(({ type }) => type === "groundwork:index:LabMachine")
    .map(({ urn }) => nameOf(urn));
}

/** What the lab's network and machines that stand said when they were made, by type and name: `LabMachine server-1`. */
export function labOutputs(deployment: Deployment): Record<string, Record<string, unknown>> {
  const made = standing(deployment).filter(({ type }) =>
    /^groundwork:index:Lab(Network|Machine)$/.test(type),
  );
  return Object.fromEntries(
    made.map(({ type, urn, outputs = {} }) => [`${type.split(":").at(-1)} ${nameOf(urn)}`, outputs]),
  );
}

/** The last part of a URN. */
export const nameOf = (urn: string): string => urn.split("::").at(-1) ?? urn;

const ofType = (deployment: Deployment, name: string): Resource[] =>
  standing(deployment).filter(({ type }) => type === `groundwork:index:${name}`);

const deployed = <Spec>({ urn, inputs }: Resource, spec: Spec): Deployed<Spec> => ({
  urn,
  name: nameOf(urn),
  spec,
  secrets: secretTexts(wired(inputs) as Wire),
});

const signature = "4dabf18193072939515e22adb298388d";
const secretMark = "1b47061264138c4ac30d75fd1eb44270";

/** A value of an exported state with its secrets in clear; they are JSON text there. */
export function revealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (fields[signature] === secretMark) return revealed(JSON.parse(String(fields.plaintext)));
  return Object.fromEntries(Object.entries(fields).map(([name, inner]) => [name, revealed(inner)]));
}

/** A value of an exported state as a provider gets it: a secret holds a value there, and JSON text in the export. */
function wired(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wired);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (fields[signature] === secretMark)
    return { [signature]: secretMark, value: wired(JSON.parse(String(fields.plaintext))) };
  return Object.fromEntries(Object.entries(fields).map(([name, inner]) => [name, wired(inner)]));
}

/** Outputs of the stack itself, secrets in clear. */
export function stackOutputs(deployment: Deployment): Record<string, unknown> {
  const stack = standing(deployment).find(({ type }) => type === "pulumi:pulumi:Stack");
  return (revealed(stack?.outputs ?? {}) ?? {}) as Record<string, unknown>;
}
