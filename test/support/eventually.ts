import { setTimeout as sleep } from "node:timers/promises";

/** Waits until `look` finds something, and returns it. Fails after `seconds`, saying what was waited for. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  seconds = 20,
): Promise<T> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > until) throw new Error(`${what}: not seen within ${seconds} s`);
    await sleep(50);
  }
}
