import { createInterface } from "node:readline/promises";
import { GroundworkError } from "../errors/index.ts";

/** Asks a person; `--yes` answers by itself. Errors: GW708 where nobody can answer. */
export async function agreed(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) throw new GroundworkError("GW708", { what: question.replace(/\?$/, "") });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
