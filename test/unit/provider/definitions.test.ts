import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Operation, Wanted } from "../../../provider/engine/program.ts";
import type { Item } from "../../../provider/index.ts";
import { parseReport, type Report } from "../../../provider/session/report.ts";
import { CutMachine, drawCuts } from "./cutMachine.ts";

let machine: CutMachine;
beforeEach(() => {
  machine = new CutMachine();
});
afterEach(() => machine.close());

function done(wanted: Wanted, action: Operation["action"] = "apply", more: Partial<Operation> = {}): Report {
  const text = machine.run(wanted, action, undefined, more) ?? "";
  const report = parseReport(text);
  assert.ok(report.complete, text);
  return report;
}

const remembered = (): string => Object.values(machine.remembered()).join("\n");

/** A step that says by which of its editions it was given back. */
const step = (edition: string): Item => {
  const made = join(machine.tree, "made");
  return {
    kind: "command",
    name: "a step",
    run: `echo ${edition} >'${made}'`,
    unless: `grep -qsx ${edition} '${made}'`,
    undo: `rm -f '${made}'; echo ${edition} >>'${join(machine.tree, "undone")}'`,
  };
};

const undone = (): string => {
  const path = join(machine.tree, "undone");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
};

describe("how an item is given back", () => {
  it("is what the program said last, also where nothing else changed", () => {
    done({ items: [{ ...step("one"), timeLimit: 20 } as Item] });
    assert.match(remembered(), /time_limit='20'/);
    const { changed } = done({ items: [{ ...step("one"), timeLimit: 25 } as Item] });
    assert.deepEqual(changed, []);
    assert.match(remembered(), /time_limit='25'/);
  });

  it("is as before where a change of it was taken back", () => {
    done({ items: [step("one")] });
    const { operationId } = done({ items: [step("two")] }, "apply", { hold: true });
    done({ items: [] }, "restore", { operationId });
    done({ items: [step("one")] });
    done({ items: [] }, "delete");
    assert.equal(undone(), "two\none\n");
  });

  it("is one or the other, never half of both, wherever a change of it is cut", () => {
    const path = join(machine.tree, "a");
    const { owner, group } = machine;
    const file = (timeLimit: number): Wanted => ({
      items: [{ kind: "file", path, content: `${timeLimit}\n`, owner, group, timeLimit }],
    });
    done({ items: [] });
    const once = (cut?: { at: number; power: boolean }): number => {
      done(file(20));
      machine.sync();
      machine.run(file(30), "apply", cut);
      const { commands } = machine;
      assert.equal(done(file(30)).outcome, "committed");
      assert.match(remembered(), /time_limit='30'/);
      done({ items: [] }, "delete");
      assert.ok(!existsSync(path));
      return commands;
    };
    drawCuts(once(), 4, (cut) => void once(cut));
  });
});
