import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Operation, Wanted } from "../../../provider/engine/program.ts";
import type { Item } from "../../../provider/index.ts";
import { parseReport, type Report } from "../../../provider/session/report.ts";
import { type Cut, CutMachine, drawCuts } from "./cutMachine.ts";

/** A machine on which `was` was brought about as one HostState, which another one is to take over. */
class Case {
  readonly machine = new CutMachine();
  readonly was: Wanted;
  readonly wanted: Wanted;
  readonly before: Record<string, string>;

  constructor() {
    writeFileSync(join(this.machine.tree, "given-up"), "as it was\n");
    const { owner, group, tree } = this.machine;
    const file = (name: string, content: string): Item => {
      return { kind: "file", path: join(tree, name), content, owner, group };
    };
    this.was = { items: [file("given-up", "one\n"), file("same", "two\n"), file("other", "three\n")] };
    this.wanted = { items: [file("same", "two\n"), file("other", "another\n"), file("new", "four\n")] };
    this.before = this.machine.look();
    this.machine.sync();
  }

  run(wanted: Wanted, action: Operation["action"], who: Partial<Operation>, cut?: Cut): Report | undefined {
    const report = this.machine.run(wanted, action, cut, who);
    return report === undefined ? undefined : parseReport(report);
  }

  brings(wanted: Wanted, who: Partial<Operation>): Report {
    const report = this.run(wanted, "apply", who);
    assert.equal(report?.outcome, "committed", JSON.stringify(report));
    return report as Report;
  }

  claims(): number {
    return readdirSync(join(this.machine.root, "claims")).length;
  }

  givesBack(who: Partial<Operation>): void {
    assert.ok(this.run({ items: [] }, "delete", who)?.succeeded);
    assert.deepEqual(this.machine.look(), this.before);
    assert.ok(!existsSync(this.machine.root), "nothing is left of the registry");
  }

  looks(): Record<string, string> {
    const content = ([path, state]: [string, string]): [string, string] => [
      path,
      state.replace(/^file \d+ /, ""),
    ];
    return Object.fromEntries(Object.entries(this.machine.look()).map(content));
  }
}

const urnOf = (stack: string, name: string): string => `urn:pulumi:${stack}::shop::HostState::${name}`;
const as = (stack: string, name: string, more: Partial<Operation> = {}): Partial<Operation> => ({
  urn: urnOf(stack, name),
  project: "shop",
  stack,
  ...more,
});

const alpha = as("dev", "alpha");
const renamed = as("dev", "baseline", { formerUrn: urnOf("dev", "alpha") });
const elsewhere = as("prod", "alpha", { adopt: "dev" });
const afterwards = { "/given-up": "as it was\n", "/new": "four\n", "/other": "another\n", "/same": "two\n" };

function on(work: (it: Case) => void): void {
  const it = new Case();
  try {
    work(it);
  } finally {
    it.machine.close();
  }
}

for (const [how, who] of Object.entries({ "another name": renamed, "another stack": elsewhere })) {
  describe(`a HostState that goes on under ${how}`, () => {
    it("takes its claim over: what it gave up is as it was before the first up, and so is all else after a delete", () =>
      on((it) => {
        it.brings(it.was, alpha);
        const report = it.brings(it.wanted, who);
        assert.deepEqual(report.adopted, [urnOf("dev", "alpha")]);
        assert.deepEqual(it.looks(), afterwards);
        assert.equal(it.claims(), 1);
        assert.deepEqual(it.brings(it.wanted, who).adopted, []);
        it.givesBack(who);
      }));

    it("gives everything back, also when it is deleted before it was ever brought about", () =>
      on((it) => {
        it.brings(it.was, alpha);
        it.givesBack(who);
      }));

    it("joins both claims where it had one of its own already", () =>
      on((it) => {
        it.brings({ items: it.wanted.items.slice(-1) }, { ...who, formerUrn: undefined, adopt: undefined });
        it.brings(it.was, alpha);
        it.brings(it.wanted, who);
        assert.deepEqual(it.looks(), afterwards);
        assert.equal(it.claims(), 1);
        it.givesBack(who);
      }));

    it("keeps what it took over when its checks fail, and the machine is as before", () =>
      on((it) => {
        it.brings(it.was, alpha);
        const before = it.machine.look();
        const checks = [{ name: "it fails", run: "false" }];
        assert.equal(it.run({ ...it.wanted, checks }, "apply", who)?.outcome, "restored");
        assert.deepEqual(it.machine.look(), before);
        it.givesBack(who);
      }));

    it("is found whole by the next one, wherever it was cut off", () => {
      const once = (cut?: Cut): number => {
        let commands = 0;
        on((it) => {
          it.brings(it.was, alpha);
          assert.equal(it.run(it.wanted, "apply", who, cut) === undefined, cut !== undefined);
          commands = it.machine.commands;
          it.brings(it.wanted, who);
          assert.deepEqual(it.looks(), afterwards);
          it.givesBack(who);
        });
        return commands;
      };
      drawCuts(once(), 6, (cut) => void once(cut));
    });

    it("settles first what was cut off under the old name", () => {
      let commands = 0;
      on((it) => {
        it.brings(it.was, alpha);
        commands = it.machine.commands;
      });
      drawCuts(commands, 4, (cut) =>
        on((it) => {
          it.run(it.was, "apply", alpha, cut);
          it.brings(it.wanted, who);
          assert.deepEqual(it.looks(), afterwards);
          it.givesBack(who);
        }),
      );
    });
  });
}

describe("claims that are not taken over", () => {
  const others: Record<string, Partial<Operation>> = {
    "without being told": as("prod", "alpha"),
    "of another name": as("prod", "beta", { adopt: "dev" }),
    "of another project": { ...elsewhere, project: "other" },
    "of another stack than the one that is named": as("prod", "alpha", { adopt: "test" }),
  };
  for (const [which, who] of Object.entries(others))
    it(`are those ${which}: an item that both want differently is refused, and nothing changes`, () =>
      on((it) => {
        it.brings(it.was, alpha);
        const before = it.machine.look();
        const report = it.run(it.wanted, "apply", who);
        assert.deepEqual(
          report?.errors.map(({ code }) => code),
          ["GW303"],
        );
        assert.deepEqual(report?.adopted, []);
        assert.deepEqual(it.machine.look(), before);
        it.givesBack(alpha);
      }));
});
