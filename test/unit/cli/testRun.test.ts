import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { closingText } from "../../../cli/testing/closingText.ts";
import { type PartResult, runPart } from "../../../cli/testing/runPart.ts";
import { countsOf, runnerPart, type TestPart } from "../../../cli/testing/testParts.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-test-"));
after(() => rmSync(folder, { recursive: true }));

const part = (command: string, ...words: string[]): TestPart => ({
  name: command,
  command,
  words,
  live: false,
  counts: false,
});

/** Runs a part and keeps what it would show. */
async function run(wanted: TestPart): Promise<PartResult & { shown: string }> {
  const shown: string[] = [];
  const result = await runPart(wanted, (text) => shown.push(text));
  return { ...result, shown: shown.join("") };
}

function testFile(name: string, body: string): TestPart {
  const file = join(folder, `${name}.test.mjs`);
  writeFileSync(file, `import { it } from "node:test";\n${body}`);
  return runnerPart(name, [file], false);
}

const counts = { tests: 3, pass: 2, fail: 1, cancelled: 0, skipped: 0, todo: 0 };

describe("the counts of a test runner", () => {
  const lines = "ℹ tests 3\nℹ suites 1\nℹ pass 2\nℹ fail 1\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0\n";

  it("are read from its closing lines, not from what a test prints", () => {
    assert.deepEqual(countsOf(`ℹ tests 9\nℹ pass 9\n✔ one (1ms)\n${lines}`), counts);
  });

  it("are not known where it did not come to them", () => {
    assert.equal(countsOf("✔ one (1ms)\n"), undefined);
    assert.equal(countsOf("ℹ tests 3\nℹ pass 2\n"), undefined);
  });
});

describe("a part of the tests", () => {
  it("passes with what its runner counted", async () => {
    const result = await run(testFile("good", 'it("a", () => {}); it("b", () => {});'));
    assert.equal(result.passed, true);
    assert.deepEqual(result.counts, { tests: 2, pass: 2, fail: 0, cancelled: 0, skipped: 0, todo: 0 });
  });

  it("fails where a test fails, and shows it", async () => {
    const result = await run(testFile("bad", 'it("a", () => { throw new Error("seen"); });'));
    assert.equal(result.passed, false);
    assert.equal(result.counts?.fail, 1);
    assert.match(result.shown, /failing tests:[\s\S]*seen/);
  });

  it("does not pass where tests were left out", async () => {
    const result = await run(testFile("skipping", 'it("a", () => {}); it.skip("b", () => {});'));
    assert.deepEqual([result.passed, result.why], [false, "tests were left out"]);
  });

  it("fails, and does not end the run, where its program is not there or says nothing of tests", async () => {
    const missing = await run(part("groundwork-no-such-program"));
    assert.deepEqual(
      [missing.passed, missing.why],
      [false, "groundwork-no-such-program could not be started"],
    );
    const silent = await run({ ...part("true"), counts: true });
    assert.deepEqual([silent.passed, silent.why], [false, "the test runner did not come to its end"]);
  });
});

describe("the end of a test run", () => {
  it("has each part with its time, and the sums of all parts as its last lines, plain", () => {
    const results: PartResult[] = [
      { name: "type checker", passed: true, seconds: 35.61 },
      { name: "unit and graph tests", passed: true, seconds: 188.7, counts: { ...counts, pass: 3, fail: 0 } },
      { name: "lab tests", passed: false, seconds: 900, counts },
      { name: "long tests", passed: false, seconds: 1, why: "the test runner did not come to its end" },
    ];
    assert.equal(
      closingText(results, ["there is no test that only --long runs"]),
      `passed  type checker             35.6 s
passed  unit and graph tests    188.7 s  tests 3, pass 3, fail 0, cancelled 0, skipped 0, todo 0
FAILED  lab tests               900.0 s  tests 3, pass 2, fail 1, cancelled 0, skipped 0, todo 0
FAILED  long tests                1.0 s  the test runner did not come to its end
there is no test that only --long runs
tests 6
pass 5
fail 1
cancelled 0
skipped 0
todo 0`,
    );
  });
});
