import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Operation, Wanted } from "../../../provider/engine/program.ts";
import type { Item } from "../../../provider/index.ts";
import { parseReport } from "../../../provider/session/report.ts";
import { type Cut, CutMachine, drawCuts } from "./cutMachine.ts";

type Look = Record<string, string>;
type Change = "create" | "update" | "delete";
const changes: Change[] = ["create", "update", "delete"];

/**
 * A change that waits for its confirmation: a first one, an update of what was committed, or a delete. An update changes
 * by what its items are given back, too.
 */
class Waiting {
  readonly machine = new CutMachine();
  readonly before: Look;
  /** What the registry holds that the next operation goes by. */
  readonly #remembered: Look;
  readonly after: Look;
  readonly #id: string;

  constructor(change: Change) {
    writeFileSync(join(this.machine.tree, "a"), "as it was\n");
    this.machine.sync();
    if (change !== "create") this.#report(this.machine.run(this.#wanted("first"), "apply"));
    this.before = this.machine.look();
    this.#remembered = this.machine.remembered();
    const wanted = change === "delete" ? { items: [] } : this.#wanted("wanted");
    const action = change === "delete" ? "delete" : "apply";
    const report = this.#report(this.machine.run(wanted, action, undefined, { hold: true }));
    assert.equal(report.outcome, "unconfirmed");
    this.#id = report.operationId;
    this.after = this.machine.look();
    assert.notDeepEqual(this.after, this.before);
  }

  #wanted(content: string): Wanted {
    const { tree, owner, group } = this.machine;
    const timeLimit = content === "first" ? 20 : 30;
    const file = (name: string): Item => {
      return { kind: "file", path: join(tree, name), content: `${content}\n`, owner, group, timeLimit };
    };
    return { items: [file("a"), file("b"), file("c")] };
  }

  #report(text = "") {
    const report = parseReport(text);
    assert.ok(report.complete, text);
    return report;
  }

  ask(action: "confirm" | "restore", cut?: Cut): string | undefined {
    return this.machine.run({ items: [] }, action, cut, { operationId: this.#id });
  }

  /** What is answered is true, now and when it is asked for once more. */
  answersTruly(action: "confirm" | "restore"): boolean {
    const stays = [0, 1].map(() => {
      const report = this.#report(this.ask(action));
      if (report.outcome === "committed") {
        assert.deepEqual(this.machine.look(), this.after);
        return true;
      }
      assert.deepEqual(this.machine.look(), this.before);
      assert.deepEqual(this.machine.remembered(), this.#remembered);
      if (action === "confirm") assert.equal(report.errors[0]?.code, "GW307");
      else assert.equal(report.outcome, "restored");
      return false;
    });
    assert.equal(stays[0], stays[1]);
    return stays[0] ?? false;
  }

  /** Another deployment comes and goes, and with it the registry where nobody claims anything. */
  othersLeave(): void {
    const other: Partial<Operation> = { urn: "urn:pulumi:dev::other::groundwork:index:HostState::other-m1" };
    const path = join(this.machine.tree, "other");
    const { owner, group } = this.machine;
    const items: Item[] = [{ kind: "file", path, content: "", owner, group }];
    this.#report(this.machine.run({ items }, "apply", undefined, other));
    this.#report(this.machine.run({ items: [] }, "delete", undefined, other));
    this.machine.run({ items: [] }, "leave", undefined, other);
  }
}

/** Cuts `run` at some of its commands, each on a machine of its own; GROUNDWORK_EVERY_CUT=1 tries all. */
function cutAnywhere(run: (it: Waiting, cut?: Cut) => unknown, then: (it: Waiting, cut?: Cut) => void): void {
  for (const change of changes) {
    const once = (cut?: Cut): number => {
      const it = new Waiting(change);
      try {
        const report = run(it, cut);
        if (cut !== undefined) assert.equal(report, undefined, "it was cut");
        const { commands } = it.machine;
        then(it, cut);
        return commands;
      } finally {
        it.machine.close();
      }
    };
    drawCuts(once(), 3, (cut) => void once(cut));
  }
}

describe("the answer to a confirmation", () => {
  it("is that the change stays, whatever cut short the confirmation before it", () =>
    cutAnywhere(
      (it, cut) => it.ask("confirm", cut),
      (it) => assert.ok(it.answersTruly("confirm")),
    ));

  it("is what became of the change, wherever the timer that takes it back was cut", () =>
    cutAnywhere(
      (it, cut) => it.machine.revert(cut),
      (it, cut) => {
        const stays = it.answersTruly("confirm");
        if (cut === undefined) assert.ok(!stays);
      },
    ));

  it("is the same after another deployment came and went", () => {
    for (const decide of ["confirm", "revert"] as const) {
      for (const change of changes) {
        const it = new Waiting(change);
        try {
          if (decide === "confirm") it.ask("confirm");
          else it.machine.revert();
          it.othersLeave();
          assert.equal(it.answersTruly("confirm"), decide === "confirm", `${change}, ${decide}`);
        } finally {
          it.machine.close();
        }
      }
    }
  });
});

describe("a change that is to be taken back because nobody knows whether it was confirmed", () => {
  it("stays where it was, wherever that was cut", () =>
    cutAnywhere(
      (it, cut) => it.ask("confirm", cut),
      (it, cut) => {
        const stays = it.answersTruly("restore");
        if (cut === undefined) assert.ok(stays);
      },
    ));

  it("is taken back otherwise, and stays away from then on", () =>
    cutAnywhere(
      (it, cut) => it.ask("restore", cut),
      (it) => {
        assert.ok(!it.answersTruly("restore"));
        assert.ok(!it.answersTruly("confirm"));
      },
    ));
});
