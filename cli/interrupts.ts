import type { Engine } from "./engine/engine.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs work that can be stopped: the first signal lets every machine stop at its next item and puts it back, the
 * second ends the engine; what runs on a machine then runs to its end, and the next operation reads its result.
 */
export async function withInterrupts<T>(
  engine: Pick<Engine, "interrupt">,
  say: (text: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  let count = 0;
  const onSignal = (): void => {
    count += 1;
    if (count === 1) say("stopping at the next item; once more leaves it to itself");
    if (count <= 2) engine.interrupt();
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
