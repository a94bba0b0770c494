import { readFile } from "node:fs/promises";

const escapes = new RegExp(
  `${String.fromCharCode(27)}(\\[[0-9;?]*[A-Za-z]|\\][^${String.fromCharCode(7)}]*${String.fromCharCode(7)}|[()][0-9A-Z]|[=>])`,
  "g",
);

/** The last lines that a machine wrote to its console, without terminal codes and empty lines. */
export async function lastConsoleLines(file: string, count = 12): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text
    .replace(escapes, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(-count);
}
