import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const folder = import.meta.dirname;

/** Test files that cut runs at some of their commands, drawn at random. */
const cutting = readdirSync(folder)
  .filter((name) => name.endsWith(".test.ts") && !name.endsWith(".long.test.ts"))
  .map((name) => join(folder, name))
  .filter((path) => /\bdrawCuts\(/.test(readFileSync(path, "utf8")));

describe("every command of a program can be its last", () => {
  assert.ok(cutting.length >= 4, "files that cut runs");
  for (const path of cutting)
    it(path.slice(folder.length + 1), () => {
      // A runner inside a runner would report to the outer one.
      const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
      const run = spawnSync(process.execPath, ["--test", "--test-reporter=spec", path], {
        env: { ...environment, GROUNDWORK_EVERY_CUT: "1" },
        encoding: "utf8",
        maxBuffer: 64 * 1024 * 1024,
      });
      assert.equal(run.status, 0, run.stdout + run.stderr);
      assert.match(run.stdout, /^ℹ fail 0$/m);
      assert.doesNotMatch(run.stdout, /^ℹ pass 0$/m);
    });
});
