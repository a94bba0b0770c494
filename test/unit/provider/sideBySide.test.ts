import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { leaseSeconds, type Wanted } from "../../../provider/engine/program.ts";
import type { Check, Item } from "../../../provider/index.ts";
import { parseReport, type Report } from "../../../provider/session/report.ts";
import { eventually } from "../../support/eventually.ts";
import { CutMachine } from "./cutMachine.ts";

let machine: CutMachine;
beforeEach(() => {
  machine = new CutMachine();
  writeFileSync(at("shared"), "as it was\n");
});
afterEach(() => machine.close());

const at = (name: string): string => join(machine.tree, name);
const urn = (name: string): string => `urn:pulumi:dev::groundwork::groundwork:index:HostState::${name}-m1`;
const alpha = { urn: urn("alpha") };
const bravo = { urn: urn("bravo") };

const file = (name: string, content = "wanted\n"): Item => {
  return { kind: "file", path: at(name), content, owner: machine.owner, group: machine.group };
};
const check = (run: string, within = 0): Check => ({ name: "a check", run, within });
const shared = (): string => readFileSync(at("shared"), "utf8");

const reported = (text: string | undefined): Report => {
  const report = parseReport(text ?? "");
  assert.ok(report.complete, text);
  return report;
};

/** What the operation in the folder `name` reported, once it ended. */
async function endOf(name: string): Promise<Report> {
  await eventually(`the end of ${name}`, async () => existsSync(join(machine.folder, name, "ended")));
  return reported(readFileSync(join(machine.folder, name, "report"), "utf8"));
}

/** Every text below a folder of the registry. */
function textsBelow(folder: string): string[] {
  const root = join(machine.root, folder);
  if (!existsSync(root)) return [];
  const names = readdirSync(root, { recursive: true }) as string[];
  const paths = names.map((name) => join(root, name)).filter((path) => statSync(path).isFile());
  return paths.map((path) => readFileSync(path, "utf8"));
}

/** An operation of bravo beside one of alpha; `start` is a check of alpha's that starts it, once, and waits for `until`. */
function besideAlpha(wanted: Wanted, until = ":"): { start: Check; folder: string } {
  const folder = join(machine.folder, "bravo");
  const command = machine.beside("bravo", wanted, "apply", bravo);
  // A check runs again when its machine was put back.
  return { start: check(`[ -e '${folder}/report' ] || { ${command} & ${until}; }`), folder };
}

const asAlpha = (wanted: Wanted, action: "apply" | "delete" = "apply"): Report =>
  reported(machine.run(wanted, action, undefined, alpha));
const asBravo = (wanted: Wanted, action: "apply" | "delete" = "apply"): Report =>
  reported(machine.run(wanted, action, undefined, bravo));
const claimed = (): string[] => readdirSync(join(machine.root, "claims"));
const baselines = (): string[] => readdirSync(join(machine.root, "baseline"));

describe("two operations that touch one item", () => {
  it("run one after the other, and give it back when both fail", async () => {
    const { start } = besideAlpha({ items: [file("shared")], checks: [check("exit 1")] });
    const failed = asAlpha({ items: [file("shared")], checks: [start, check("sleep 1; exit 1")] });
    assert.equal(failed.outcome, "restored");
    assert.equal((await endOf("bravo")).outcome, "restored");
    assert.equal(shared(), "as it was\n");
    assert.deepEqual([claimed(), baselines()], [[], []]);
  });

  it("share it when both succeed, until the last one lets go of it", async () => {
    const { start } = besideAlpha({ items: [file("shared")] });
    assert.equal(asAlpha({ items: [file("shared")], checks: [start] }).outcome, "committed");
    const second = await endOf("bravo");
    assert.deepEqual([second.outcome, second.changed], ["committed", []]);
    asAlpha({ items: [] }, "delete");
    assert.equal(shared(), "wanted\n");
    asBravo({ items: [] }, "delete");
    assert.equal(shared(), "as it was\n");
  });

  it("hand it over: who takes it on waits until the other one gave it back", async () => {
    const command = machine.beside("bravo", { items: [file("shared")] }, "apply", bravo);
    const step: Item = {
      kind: "command",
      name: "a step",
      run: `: >'${at("step")}'`,
      unless: `[ -e '${at("step")}' ]`,
      undo: `rm '${at("step")}'; ${command} & sleep 1`,
    };
    // What comes last is given back first: bravo begins while alpha has yet to give back the file.
    asAlpha({ items: [file("shared"), step] });
    assert.equal(asAlpha({ items: [file("own")] }).outcome, "committed");
    assert.equal((await endOf("bravo")).outcome, "committed");
    assert.equal(shared(), "wanted\n");
    asBravo({ items: [] }, "delete");
    assert.equal(shared(), "as it was\n");
  });

  it("wait for a decision from elsewhere, too", async () => {
    const hold = { ...alpha, hold: true };
    const waiting = reported(machine.run({ items: [file("shared")] }, "apply", undefined, hold));
    const { folder } = besideAlpha({ items: [file("shared")], checks: [check("exit 1")] });
    spawn("sh", ["-c", `dash '${folder}/program' >'${folder}/output' 2>&1`], { stdio: "ignore" });
    await sleep(1500);
    assert.ok(!existsSync(join(folder, "ended")));
    const { operationId } = waiting;
    reported(machine.run({ items: [] }, "confirm", undefined, { ...alpha, operationId }));
    assert.equal((await endOf("bravo")).outcome, "restored");
    assert.equal(shared(), "wanted\n");
    asAlpha({ items: [] }, "delete");
    assert.equal(shared(), "as it was\n");
  });

  it("do not wait for one that was cut off: who comes next puts it back, or finishes it", () => {
    machine.run({ items: [file("shared"), file("later")] }, "apply", undefined, alpha);
    const { commands } = machine;
    asAlpha({ items: [] }, "delete");
    const cut = { at: commands - 8, power: false };
    assert.equal(machine.run({ items: [file("shared"), file("later")] }, "apply", cut, alpha), undefined);
    const begun = Date.now();
    assert.equal(asBravo({ items: [file("shared")] }).outcome, "committed");
    assert.ok(Date.now() - begun < 60_000);
    asAlpha({ items: [file("later")] });
    assert.equal(shared(), "wanted\n");
    asAlpha({ items: [] }, "delete");
    asBravo({ items: [] }, "delete");
    assert.equal(shared(), "as it was\n");
  });

  it("can be cancelled while one waits, which has changed nothing then", async () => {
    const cancel = `until [ -e '${join(machine.folder, "bravo/report")}' ]; do sleep 0.05; done
      sleep 0.5; : >'${join(machine.folder, "bravo/cancel")}'; sleep 2`;
    const { start } = besideAlpha({ items: [file("shared")] }, cancel);
    assert.equal(asAlpha({ items: [file("shared")], checks: [start] }).outcome, "committed");
    const { errors, outcome } = await endOf("bravo");
    assert.deepEqual([errors.map(({ code }) => code), outcome], [["GW310"], "untouched"]);
    assert.equal(claimed().length, 1);
  });

  it("are not begun any more by one whose machine somebody else took while it waited", async () => {
    const lease = join(machine.root, "lease");
    const taken = `sleep 0.5; cp '${lease}' '${lease}.own'
      printf 'elsewhere/1/1/1\\t1\\t99999999999\\n' >'${lease}'; sleep 2; mv '${lease}.own' '${lease}'`;
    const { start } = besideAlpha({ items: [file("shared")] }, taken);
    assert.equal(asAlpha({ items: [file("shared")], checks: [start] }).outcome, "committed");
    assert.equal((await endOf("bravo")).held?.holder, "elsewhere/1/1/1");
    assert.equal(claimed().length, 1);
  });
});

describe("two operations that share nothing", () => {
  it("run side by side", () => {
    const ended = join(machine.folder, "bravo/ended");
    const { start } = besideAlpha({ items: [file("other")] }, `until [ -e '${ended}' ]; do sleep 0.05; done`);
    assert.equal(asAlpha({ items: [file("shared")], checks: [start] }).outcome, "committed");
    assert.equal(readFileSync(at("other"), "utf8"), "wanted\n");
  });

  it("leave the folder that one of them made to the one that is about to use it, and it goes with the last", () => {
    const early: Wanted = { items: [file("made/early")] };
    const command = machine.beside("bravo", { items: [] }, "delete", bravo);
    const run = `${command}; [ -d '${at("made")}' ]`;
    const unless = `[ ! -e '${at("made/early")}' ]`;
    const step: Item = { kind: "command", name: "a step", run, unless, undo: ":" };
    asBravo(early);
    assert.equal(asAlpha({ items: [step, file("made/late")] }).outcome, "committed");
    assert.deepEqual(readdirSync(at("made")), ["late"]);
    asAlpha({ items: [] }, "delete");
    assert.ok(!existsSync(at("made")));
  });

  it("never lose the mark of a folder that one of them takes away while the other one makes it", () => {
    const path = at("made/file");
    const beside = `made_again '${path}'
      { rmdir() { command rmdir "$@" && sleep 0.5; }; made_tidy '${path}'; } &
      sleep 0.2; made_again '${path}'; wait
      [ -d '${at("made")}' ] && [ -e "$gw_root/made${at("made")}/.made" ] || echo lost`;
    assert.equal(machine.shell(beside), "");
  });

  it("leave nothing of a folder that was made for what never came", () => {
    asBravo({ items: [file("made/early")] });
    const command = machine.beside("bravo", { items: [] }, "delete", bravo);
    const step: Item = {
      kind: "command",
      name: "a step",
      run: `${command}; exit 1`,
      unless: "exit 1",
      undo: ":",
    };
    assert.equal(asAlpha({ items: [step, file("made/late")] }).outcome, "restored");
    machine.run({ items: [] }, "leave", undefined, alpha);
    assert.ok(!existsSync(at("made")));
  });
});

describe("what could not be put back", () => {
  it("is kept and named, also where the operation after it fails and nobody claims anything any more", () => {
    mkdirSync(at("folder"));
    writeFileSync(at("folder/precious"), "precious\n");
    // What its folder turns into while the check runs leaves no place for the file.
    const ruin = check(`rm -rf '${at("folder")}'; : >'${at("folder")}'; exit 1`);
    const wanted: Wanted = { items: [file("folder/precious", "new\n")], checks: [ruin] };
    const first = reported(machine.run(wanted, "apply", undefined, alpha));
    assert.equal(first.outcome, "unrestored", JSON.stringify(first));
    const failing: Wanted = { items: [file("other")], checks: [check("exit 1")] };
    const second = reported(machine.run(failing, "apply", undefined, alpha));
    assert.ok(
      second.kept.some((kept) => kept.includes("folder/precious")),
      JSON.stringify(second),
    );
    machine.run({ items: [] }, "leave", undefined, alpha);
    assert.ok(textsBelow("kept").includes("precious\n"));
  });
});

describe("an operation that is cancelled while its checks run", () => {
  const cancel = (): string => `: >'${join(machine.folder, "run/cancel")}'`;

  for (const [words, exit] of [
    ["passes", 0],
    ["fails, and could be tried again", 1],
  ] as const)
    it(`is put back, though the check ${words}`, () => {
      const checks = [check(`${cancel()}; exit ${exit}`, 30)];
      const report = reported(machine.run({ items: [file("shared")], checks }, "apply", undefined, alpha));
      assert.equal(report.outcome, "restored");
      assert.deepEqual(
        report.errors.map(({ code }) => code),
        ["GW310"],
      );
      assert.equal(shared(), "as it was\n");
    });
});

describe("the lease of somebody else", () => {
  const now = Math.floor(Date.now() / 1000);
  const outcomeUnder = (end: number): string => {
    mkdirSync(machine.root, { recursive: true });
    writeFileSync(join(machine.root, "lease"), `elsewhere/1/1/1\t${now}\t${end}\n`);
    const report = reported(machine.run({ items: [file("shared")] }, "apply", undefined, alpha));
    return report.held === undefined ? (report.outcome ?? "none") : "held";
  };

  it("holds for its time, but not for one that only a wrong clock can have written", () => {
    assert.equal(outcomeUnder(now + leaseSeconds - 20), "held");
    assert.equal(outcomeUnder(now + 365 * 86_400), "committed");
  });
});

describe("the locks of a machine", () => {
  it("are root's alone to open", () => {
    reported(machine.run({ items: [file("shared")] }, "apply", undefined, alpha));
    const locks = join(machine.folder, "running/locks");
    for (const path of [locks, join(locks, "..")]) assert.equal(statSync(path).mode & 0o777, 0o700, path);
  });
});
