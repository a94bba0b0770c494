import { fateOf } from "../../provider/index.ts";
import type { Engine } from "./engine.ts";
import { forgetEngine, notedEngines } from "./engineNotes.ts";
import { fateOfLock, isAbandoned, lockHolders } from "./lock.ts";
import { pendingNames, settled } from "./pending.ts";

/** What settling needs of an engine. */
export type Settled = Pick<
  Engine,
  "backend" | "project" | "stack" | "cancelLock" | "exportEncrypted" | "import"
>;

/**
 * Clears away what a killed operation left, before another one changes anything: its lock goes, and what was under way
 * stands in the state as unfinished. Says what was done, and returns what stays open: other providers' creates.
 * Errors: GW704 while another operation lives.
 */
export async function settle(engine: Settled, say: (text: string) => void): Promise<string[]> {
  const holders = lockHolders(engine.backend, engine.project, engine.stack);
  const engines = await notedEngines(engine.backend);
  if (isAbandoned(engine.stack, holders, (holder) => fateOfLock(holder, engines))) {
    await engine.cancelLock();
    for (const note of engines) if (fateOf(note.holder) === "dead") forgetEngine(engine.backend, note.holder);
    say(`the lock of a killed operation (process ${holders.map(({ pid }) => pid).join(", ")}) was removed`);
  }
  const deployment = await engine.exportEncrypted();
  const pending = pendingNames(deployment);
  const after = settled(deployment);
  const open = pendingNames(after);
  const ours = pending.filter((name) => !open.includes(name));
  if (ours.length > 0) {
    await engine.import(after);
    say(`an operation was cut off during the ${ours.join(", ")}: the machines say now how far it came`);
  }
  return open.map((name) => {
    const left = `nobody knows what became of the ${name}: look for it, then run pulumi refresh`;
    say(left);
    return left;
  });
}
