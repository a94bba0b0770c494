import type { CheckResult } from "./checks/check.ts";
import { runChecks } from "./checks/runChecks.ts";
import { Deployment, type Messages } from "./deployment/deployment.ts";
import { conceal } from "./resources/conceal.ts";
import type { GateSpec } from "./resources/gateSpec.ts";
import type { HostStateSpec } from "./resources/hostStateSpec.ts";
import { type HostObservation, observeHost } from "./resources/observeHost.ts";

/**
 * The provider's readings without the engine: what `verify` and `drift` ask the machines themselves.
 * One login per machine; nothing is changed.
 */
export interface Reader {
  /** Compares every item; `unreachable` says why a machine could not be read. */
  observe(spec: HostStateSpec): Promise<HostObservation>;
  /** Runs the checks of a HostState (`spec.checks`) or of a Gate. Evidence is told without what it repeats of `secrets`. */
  verify(spec: HostStateSpec | GateSpec, secrets: readonly string[]): Promise<CheckResult[]>;
  /** Closes every connection. */
  close(): Promise<void>;
}

const silent: Messages = { info: () => undefined, warning: () => undefined, status: () => undefined };

/** Opens a reader; close it when done. */
export function openReader(messages: Messages = silent): Reader {
  const deployment = new Deployment(messages);
  return {
    observe: (spec) => observeHost(deployment, spec, ""),
    verify: async (spec, secrets) => {
      const own = "connection" in spec ? spec.connection : undefined;
      const results = await runChecks(deployment, spec.checks ?? [], spec.waivers ?? {}, own);
      return results.map((result) => ({ ...result, evidence: conceal(result.evidence, secrets) }));
    },
    close: () => deployment.close(),
  };
}
