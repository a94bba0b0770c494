import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { errorDocument } from "../../../errors/document.ts";
import { catalogue, GroundworkError } from "../../../errors/index.ts";

test("docs/errors.md is the catalogue", () => {
  const committed = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
  assert.equal(committed, errorDocument(), "write it again: node errors/document.ts >docs/errors.md");
});

test("every code has its family, a title and a way to mend", () => {
  for (const [code, entry] of Object.entries(catalogue)) {
    assert.match(code, /^GW[1-7]\d\d$/);
    assert.match(entry.title, /^[A-Z].+[^.]$/, code);
    assert.match(entry.mend, /^[A-Z].+[^.]$/, code);
  }
});

test("a message reads code, where, what, how to mend", () => {
  const error = new GroundworkError("GW203", {
    what: "nothing is pinned for it",
    where: "machines.server-1.hostKey",
  });
  assert.equal(
    error.message,
    "GW203 machines.server-1.hostKey: nothing is pinned for it. Run ./groundwork trust MACHINE and compare the fingerprint",
  );
});
