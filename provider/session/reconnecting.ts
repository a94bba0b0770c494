import { setTimeout as sleep } from "node:timers/promises";
import { GroundworkError } from "../../errors/index.ts";

/** Seconds over which a lost connection is tried again. */
const reconnectSeconds = 300;

/** Seconds between two tries. */
const pauseSeconds = 1;

/**
 * Tries what may be done twice until it succeeds, over as many connections as it takes. `attempt` answers `undefined`
 * when its connection broke, and calls `progressed` when something was achieved all the same: the time to come back
 * then begins anew. Errors: GW201 when that time is over, and what `attempt` throws but for logins that did not succeed.
 */
export async function reconnecting<T>(
  machine: string,
  attempt: (progressed: () => void) => Promise<T | undefined>,
): Promise<T> {
  let until = 0;
  const progressed = (): void => {
    until = Date.now() + reconnectSeconds * 1000;
  };
  progressed();
  for (;;) {
    const result = await attempt(progressed).catch((error: unknown) => {
      if (!mayPass(error) || Date.now() > until) throw error;
      return undefined;
    });
    if (result !== undefined) return result;
    if (Date.now() > until)
      throw new GroundworkError("GW201", {
        what: `the connection was lost during the work, and did not come back within ${reconnectSeconds} s`,
        where: machine,
      });
    await sleep(pauseSeconds * 1000);
  }
}

/** A machine that cannot be reached or refuses logins may be on its way up; waiting does not help against another key. */
export function mayPass(error: unknown): boolean {
  return error instanceof GroundworkError && ["GW201", "GW204"].includes(error.code);
}
