import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";

/** Compares text with the file of that name beside the tests; GROUNDWORK_WRITE_GOLDEN=1 writes it instead. */
export function assertGolden(name: string, text: string): void {
  const file = new URL(`golden/${name}`, import.meta.url);
  if (process.env.GROUNDWORK_WRITE_GOLDEN === "1") writeFileSync(file, text);
  assert.equal(text, readFileSync(file, "utf8"));
}
