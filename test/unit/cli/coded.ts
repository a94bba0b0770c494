import assert from "node:assert/strict";
import { GroundworkError } from "../../../errors/index.ts";

/** What holds of an error of ours: its code, and something of what it says. */
export const coded = (code: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GroundworkError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, text);
  return true;
};
