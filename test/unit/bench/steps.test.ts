import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { filesSpecification } from "../../bench/filesSpecification.ts";
import { mixedSpecification } from "../../bench/mixedSpecification.ts";
import { everyNth, putFile } from "../../bench/steps.ts";

for (const { name, items, steps, tampered } of [filesSpecification, mixedSpecification])
  describe(`the steps of the specification ${name}`, () => {
    it("are one for each item, and shell", () => {
      assert.equal(steps.length, items.length);
      for (const { command } of steps) execFileSync("sh", ["-n", "-c", command]);
    });

    it("write the tampered file once, also where only every n-th is taken", () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 30 }), (n) => {
          const taken = everyNth(steps, n);
          assert.equal(taken.filter(({ command }) => command.includes(`f=${tampered.path}\n`)).length, 1);
          assert.ok(Math.abs(taken.length - steps.length / n) < 1);
        }),
      );
    });
  });

describe("a step that writes a file", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "groundwork-steps-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("makes its folder, leaves what is as wanted, and tells of a change", () => {
    const path = join(folder, "new", "file");
    const mark = join(folder, "mark");
    const changes = (): boolean => {
      rmSync(mark, { force: true });
      execFileSync("sh", ["-c", putFile(path, "one\n", `touch ${mark}`)]);
      return existsSync(mark);
    };
    assert.equal(changes(), true);
    assert.equal(readFileSync(path, "utf8"), "one\n");
    assert.equal(statSync(path).mode & 0o777, 0o644);
    const { ino } = statSync(path);
    assert.equal(changes(), false);
    assert.equal(statSync(path).ino, ino);
    execFileSync("sh", ["-c", `echo tampered >${path}`]);
    assert.equal(changes(), true);
    assert.equal(readFileSync(path, "utf8"), "one\n");
  });
});
