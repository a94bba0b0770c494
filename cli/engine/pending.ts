import { unfinishedCreate } from "../../provider/index.ts";
import { type Deployment, nameOf, type Pending, type Resource } from "./deployment.ts";

/** What an interrupted operation left open, by resource name. */
export function pendingNames(deployment: Deployment): string[] {
  const pending = deployment.deployment.pending_operations ?? [];
  return pending.map(({ resource, type }) => `${type} of ${nameOf(resource.urn)}`);
}

/**
 * The state in which everything that was left open stands as unfinished: the next operation reads how far it came,
 * and a destroy takes it back. Other providers' creates stay open, as the engine keeps them: nobody knows their ids.
 */
export function settled({ deployment, ...rest }: Deployment): Deployment {
  const { pending_operations: pending = [], resources = [], ...others } = deployment;
  const open = pending.filter(isForeignCreate);
  return {
    ...rest,
    deployment: {
      ...others,
      resources: pending.reduce(withUnfinished, resources),
      ...(open.length > 0 ? { pending_operations: open } : {}),
    },
  };
}

function isForeignCreate({ type, resource }: Pending): boolean {
  const ours = /^(groundwork|pulumi:providers):/.test(resource.type);
  return type === "creating" && resource.custom && !ours;
}

function withUnfinished(resources: Resource[], { type, resource }: Pending): Resource[] {
  const known = resources.find(({ urn, delete: replaced }) => urn === resource.urn && replaced !== true);
  if (known === undefined || known.pendingReplacement === true) {
    const made = type === "creating" ? unfinished(resource, known) : undefined;
    if (made === undefined) return resources;
    return known === undefined ? [...resources, made] : resources.map((old) => (old === known ? made : old));
  }
  if (known.type !== "groundwork:index:HostState") return resources;
  const begun = { ...known, outputs: { ...known.outputs, unfinished: true } };
  return resources.map((old) => (old === known ? begun : old));
}

/** A create as it stands in the state; one that was to replace another takes its place among the others. */
function unfinished(resource: Resource, replaced: Resource | undefined): Resource | undefined {
  const { urn, type, inputs = {} } = resource;
  const left = unfinishedCreate(type, nameOf(urn), inputs as Parameters<typeof unfinishedCreate>[2]);
  if (left === undefined) return undefined;
  const { pendingReplacement: _, ...place } = replaced ?? resource;
  return { ...place, inputs, ...left, refreshBeforeUpdate: true };
}
