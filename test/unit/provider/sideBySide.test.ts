import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
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

describe("two streams that want one item", () => {
  for (const first of ["alpha", "bravo"])
    it(`give it back when both fail, ${first} first`, async () => {
      const gone = join(machine.folder, "gone");
      const begun = join(machine.folder, "begun");
      const wait = (path: string): string => `until [ -e '${path}' ]; do sleep 0.05; done`;
      const [inBravo, inAlpha] =
        first === "alpha"
          ? [`: >'${begun}'; ${wait(gone)}; exit 1`, `${wait(begun)}; exit 1`]
          : [`: >'${begun}'; exit 1`, `${wait(join(machine.folder, "bravo/ended"))}; exit 1`];
      const beside = machine.beside(
        "bravo",
        { items: [file("shared")], checks: [check(inBravo)] },
        "apply",
        bravo,
      );
      // Once: a check runs again when its machine was put back.
      const start = `[ -e '${begun}' ] || { ${beside} & ${wait(begun)}; }`;
      const report = reported(
        machine.run(
          { items: [file("shared")], checks: [check(start), check(inAlpha)] },
          "apply",
          undefined,
          alpha,
        ),
      );
      writeFileSync(gone, "");
      assert.equal(report.outcome, "restored");
      assert.equal((await endOf("bravo")).outcome, "restored");
      assert.equal(shared(), "as it was\n");
      assert.deepEqual(readdirSync(join(machine.root, "claims")), []);
      assert.deepEqual(readdirSync(join(machine.root, "baseline")), []);
    });

  it("hand it over: who takes it on waits until the other one gave it back", async () => {
    const beside = machine.beside("bravo", { items: [file("shared")] }, "apply", bravo);
    const step: Item = {
      kind: "command",
      name: "a step",
      run: `: >'${at("step")}'`,
      unless: `[ -e '${at("step")}' ]`,
      undo: `rm '${at("step")}'; ${beside} & sleep 1`,
    };
    // What comes last is given back first: bravo begins while alpha has yet to give back the file.
    reported(machine.run({ items: [file("shared"), step] }, "apply", undefined, alpha));
    const report = reported(machine.run({ items: [file("own")] }, "apply", undefined, alpha));
    assert.equal(report.outcome, "committed");
    assert.equal((await endOf("bravo")).outcome, "committed");
    assert.equal(shared(), "wanted\n");
    reported(machine.run({ items: [] }, "delete", undefined, bravo));
    assert.equal(shared(), "as it was\n");
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
