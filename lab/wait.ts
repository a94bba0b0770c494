import { setTimeout as sleep } from "node:timers/promises";

/** Asks until the answer is yes or the time is up; says which. */
export async function until(
  question: () => Promise<boolean>,
  limitSeconds: number,
  pauseMilliseconds = 25,
): Promise<boolean> {
  const end = performance.now() + limitSeconds * 1000;
  for (;;) {
    if (await question()) return true;
    if (performance.now() >= end) return false;
    await sleep(pauseMilliseconds);
  }
}
