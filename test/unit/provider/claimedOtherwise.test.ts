import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { noOtherClaims } from "../../../provider/checks/claimedOtherwise.ts";
import { itemDigest, keyHash } from "../../../provider/engine/program.ts";
import { type Item, keyOf } from "../../../provider/index.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-claims-"));
after(() => rmSync(folder, { recursive: true }));

const mine: Item = { kind: "file", path: "/etc/a b\\n", content: "one" };
const other: Item = { ...mine, content: "two" };

/** What the check says where these claims stand, each of a stack. */
function said(items: Item[], ...claims: [stack: string, items: Item[]][]) {
  const root = mkdtempSync(join(folder, "machine-"));
  mkdirSync(join(root, "claims"));
  for (const [stack, claimed] of claims) {
    const lines = [
      "format\t1",
      `urn\turn:pulumi:${stack}::groundwork::groundwork:index:HostState::alpha-m1`,
      "project\tgroundwork",
      `stack\t${stack}`,
      ...claimed.map((item) => `item\t${keyHash(keyOf(item))}\t${itemDigest(item)}\t${keyOf(item)}\twanted`),
    ];
    writeFileSync(join(root, "claims", stack), `${lines.join("\n")}\n`);
  }
  const { run } = noOtherClaims(items, { project: "groundwork", stack: "twin" });
  const { status, stdout, stderr } = spawnSync("dash", ["-c", run.replaceAll("/var/lib/groundwork", root)], {
    encoding: "utf8",
  });
  return { status, text: `${stdout}${stderr}` };
}

describe("claims of other programs", () => {
  it("are told where they are of another value, with whose they are", () => {
    const { status, text } = said([mine], ["rack", [other]]);
    assert.equal(status, 1);
    assert.match(text, /^file:\/etc\/a b\\n is claimed with another value by alpha-m1 of stack rack$/m);
  });

  it("are no matter where they are equal, of the own stack, or of other items", () => {
    const elsewhere: Item = { ...other, path: "/etc/b" };
    assert.deepEqual(said([mine], ["rack", [mine, elsewhere]], ["twin", [other]]), { status: 0, text: "" });
  });

  it("are none on a machine without a registry, or with an empty one", () => {
    assert.deepEqual(said([mine]), { status: 0, text: "" });
    assert.deepEqual(said([], ["rack", [other]]), { status: 0, text: "" });
  });

  it("are told at some length, however many there are", () => {
    const many = (content: string) =>
      Array.from({ length: 1500 }, (_, index): Item => ({ kind: "file", path: `/etc/${index}`, content }));
    const { status, text } = said(many("one"), ["rack", many("two")]);
    assert.equal(status, 1);
    assert.match(text, /^and 1495 more$/m);
  });
});
