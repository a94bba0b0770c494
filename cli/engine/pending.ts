import type { Deployment } from "./deployment.ts";

/** What an interrupted operation left open, by resource name. */
export function pendingNames(deployment: Deployment): string[] {
  const pending = deployment.deployment.pending_operations ?? [];
  return pending.map(({ resource, type }) => `${type} of ${resource.urn.split("::").at(-1)}`);
}

/**
 * The state without what was left open. Safe with our resources: what an interrupted operation made is found on the
 * machine by its claims, so the next operation takes it over instead of making it twice.
 */
export function withoutPending(deployment: Deployment): Deployment {
  const { pending_operations: _, ...rest } = deployment.deployment;
  return { ...deployment, deployment: rest };
}
