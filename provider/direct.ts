import type { CheckResult } from "./checks/check.ts";
import type { GateSpec } from "./resources/gateSpec.ts";
import type { Drift, HostStateSpec } from "./resources/hostStateSpec.ts";

/**
 * The provider's readings without the engine: what `verify` and `drift` ask the machines themselves.
 * One login per machine; nothing is changed.
 */
export interface Reader {
  /** Compares every item; `unreachable` says why a machine could not be read. */
  observe(spec: HostStateSpec): Promise<{ machineId?: string; drift: Drift[]; unreachable?: string }>;
  /** Runs the checks of a HostState (`spec.checks`) or of a Gate. */
  verify(spec: HostStateSpec | GateSpec): Promise<CheckResult[]>;
  /** Closes every connection. */
  close(): Promise<void>;
}

export declare function openReader(): Reader;
