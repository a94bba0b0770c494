import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** The sha256 of a file, in lower-case hexadecimal. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** A short name for a recipe: two recipes that differ in anything have different keys. */
export function recipeKey(recipe: unknown): string {
  return createHash("sha256").update(JSON.stringify(recipe, sortedKeys)).digest("hex").slice(0, 16);
}

/** Makes the text of an object independent of the order in which its properties were written. */
function sortedKeys(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
