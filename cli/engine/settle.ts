import type { Engine } from "./engine.ts";
import { isAbandoned, isAlive, lockHolders } from "./lock.ts";
import { pendingNames, withoutPending } from "./pending.ts";

/**
 * Clears away what a killed operation left: its lock, and operations that were under way. Says what was done.
 * Errors: GW704 while another operation lives.
 */
export async function settle(engine: Engine, say: (text: string) => void): Promise<void> {
  const holders = await lockHolders(engine.backend, engine.project, engine.stack);
  if (isAbandoned(holders, isAlive)) {
    await engine.cancelLock();
    say(`the lock of a killed operation (process ${holders.map(({ pid }) => pid).join(", ")}) was removed`);
  }
  const deployment = await engine.exportEncrypted();
  const pending = pendingNames(deployment);
  if (pending.length === 0) return;
  await engine.import(withoutPending(deployment));
  say(`an operation was cut off during the ${pending.join(", ")}: it is read and completed now`);
}
