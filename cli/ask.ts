import { createInterface } from "node:readline/promises";
import { GroundworkError } from "../errors/index.ts";

/** Asks a person; `--yes` answers by itself. Errors: GW708 where nobody can answer. */
export async function agreed(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY)
    throw new GroundworkError("GW708", {
      what: `"${question}" has to be answered, and there is no terminal to ask on`,
    });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const stopped = new AbortController();
  lines.on("SIGINT", () => stopped.abort());
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: stopped.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    // Ctrl-C is an answer too.
    return false;
  } finally {
    lines.close();
  }
}
