import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import { stateRoot } from "./naming.ts";

/**
 * Runs work while no other process of this host does the same under this name (`host`, or one machine's).
 * A holder that died is noticed after 15 seconds.
 */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  await mkdir(join(stateRoot, "locks"), { recursive: true, mode: 0o700 });
  const release = await lock(join(stateRoot, "locks", name), {
    realpath: false,
    stale: 15_000,
    update: 3_000,
    // A run that was asleep for that long has lost its turn; what it does is repeatable.
    onCompromised: () => {},
    retries: { retries: 6000, factor: 1, minTimeout: 50, maxTimeout: 100 },
  });
  try {
    return await work();
  } finally {
    await release();
  }
}
