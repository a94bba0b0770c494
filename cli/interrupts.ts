import type { Engine } from "./engine/engine.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What is said at the first signal, and at the second; more change nothing. */
const answers = [
  "stopping: each machine stops at its next item and is put back; once more leaves them to it",
  "leaving: what runs on a machine runs to its end there, and the next operation reads its result",
];

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
    const answer = answers[count];
    count += 1;
    if (answer === undefined) return;
    say(answer);
    engine.interrupt();
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
