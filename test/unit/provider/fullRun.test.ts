import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import type { Wanted } from "../../../provider/engine/program.ts";
import { parseReport, type Report } from "../../../provider/session/report.ts";
import { CutMachine } from "./cutMachine.ts";

/** What becomes of a machine when Groundwork's own notes cannot be written any more in the middle of an operation. */
let machine = new CutMachine();
const precious = (): string => join(machine.tree, "precious");
beforeEach(() => {
  machine.close();
  machine = new CutMachine();
  writeFileSync(precious(), "as it was\n");
});
after(() => machine.close());

function apply(check: string): Report {
  const { owner, group } = machine;
  const wanted: Wanted = {
    items: [{ kind: "file", path: precious(), content: "new\n", owner, group }],
    checks: [{ name: "the notes can be written", run: check }],
  };
  return parseReport(machine.run(wanted, "apply") ?? "");
}

const open = (): number => readdirSync(join(machine.root, "transactions")).length;

describe("an operation whose notes cannot be written any more", () => {
  it("does not count as put back while the list of what is to go back cannot be made, and forgets nothing", () => {
    // A folder in the place of the list: as a full disk, it refuses the writing.
    const report = apply(`mkdir '${join(machine.folder, "run", "order.all")}'; false`);
    assert.equal(report.outcome, "unrestored");
    assert.match(report.unrestored.join(), /could not be listed/);
    assert.equal(readFileSync(precious(), "utf8"), "new\n");
    assert.equal(open(), 1);
    assert.ok(machine.run({ items: [] }, "delete")?.includes("end ok"));
    assert.equal(readFileSync(precious(), "utf8"), "as it was\n");
  });

  it("is put back where its commit cannot be marked", () => {
    // A link that leads nowhere refuses the writing, and is no mark.
    const mark =
      'for transaction in "$0"/transactions/*; do ln -s /nowhere/at-all "$transaction/committed"; done';
    const report = apply(`sh -c '${mark}' '${machine.root}'`);
    assert.deepEqual(
      report.errors.map(({ code }) => code),
      ["GW315"],
    );
    assert.deepEqual([report.outcome, report.succeeded], ["restored", false]);
    assert.equal(readFileSync(precious(), "utf8"), "as it was\n");
    assert.equal(open(), 0);
  });
});
