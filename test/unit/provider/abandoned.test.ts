import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ownerOf, type Wanted } from "../../../provider/engine/program.ts";
import type { Item } from "../../../provider/index.ts";
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
const open = (name = ""): string => join(machine.root, "transactions", ownerOf(alpha.urn), name);
const shared = (): string => readFileSync(at("shared"), "utf8");
const claimed = (): string[] => readdirSync(join(machine.root, "claims"));
const baselines = (): string[] => readdirSync(join(machine.root, "baseline"));

const file = (name: string, content = "wanted\n"): Item => {
  return { kind: "file", path: at(name), content, owner: machine.owner, group: machine.group };
};
const wanted = (): Wanted => ({ items: [file("shared")] });
const failing = (): Wanted => ({ ...wanted(), checks: [{ name: "a check", run: "exit 1" }] });

function reported(text: string | undefined): Report {
  const report = parseReport(text ?? "");
  assert.ok(report.complete, text);
  return report;
}

/** An operation of alpha that waits for checks from elsewhere: of the deployment that bravo belongs to, or of one that is gone. */
function hold(holder: "host/1/2/3" | "gone/4/5/6"): Report {
  const report = reported(
    machine.run({ items: [file("shared"), file("other")] }, "apply", undefined, {
      ...alpha,
      hold: true,
      holder,
    }),
  );
  rmSync(join(machine.root, "lease"));
  return report;
}

/** The same operation waits for a restart instead. */
function forBoot(holder: string): void {
  rmSync(open("held"));
  writeFileSync(open("boots"), `0123456789abcdef 11111111-2222-3333-4444-555555555555 ${holder}\n`);
}

/** Starts an operation of bravo that looks every 20 ms, and takes for abandoned what it has waited for 10 times. */
function begin(of: Wanted, shell = ""): void {
  const command = machine.beside("bravo", of, "apply", bravo);
  const path = join(machine.folder, "bravo/program");
  const text = readFileSync(path, "utf8");
  const last = text.lastIndexOf("</dev/null gw_main");
  const quick = `gw_alone_pause=0.02 gw_alone_turns=10 gw_alone_most_turns=10000\nsystemctl() { echo dead; }\n`;
  writeFileSync(path, `${text.slice(0, last)}${quick}${shell}\n${text.slice(last)}`);
  spawn("sh", ["-c", command], { stdio: "ignore" });
}

const hasEnded = (): boolean => existsSync(join(machine.folder, "bravo/ended"));

async function end(): Promise<Report> {
  await eventually("the end of bravo", async () => hasEnded());
  return reported(readFileSync(join(machine.folder, "bravo/report"), "utf8"));
}

/** What nobody comes back to: what makes it of one that waits for checks from elsewhere. */
const abandoned: Record<string, () => void> = {
  "checks from elsewhere": () => undefined,
  "checks from elsewhere, as an older version noted it": () => writeFileSync(open("held"), ""),
  "a restart": () => forBoot("gone/4/5/6"),
  "a restart, as an older version noted it": () => forBoot(""),
  "a login, without its timer": () => renameSync(open("held"), open("armed")),
  "nothing, cut off": () => rmSync(open("held")),
};

describe("an operation that waits for one that nobody comes back to", () => {
  for (const [what, leave] of Object.entries(abandoned)) {
    describe(`and that waited for ${what},`, () => {
      beforeEach(() => {
        hold("gone/4/5/6");
        leave();
      });

      it("puts it back and goes on", async () => {
        begin(wanted());
        const report = await end();
        assert.deepEqual([report.outcome, report.settled, report.changed.length], ["committed", true, 1]);
        assert.ok(!existsSync(open()));
        assert.ok(!existsSync(at("other")));
        assert.deepEqual(claimed(), [ownerOf(bravo.urn)]);
        assert.equal(shared(), "wanted\n");
        reported(machine.run({ items: [] }, "delete", undefined, bravo));
        assert.equal(shared(), "as it was\n");
      });

      it("leaves the item as it was at first when it fails itself", async () => {
        begin(failing());
        assert.equal((await end()).outcome, "restored");
        assert.equal(shared(), "as it was\n");
        assert.deepEqual([claimed(), baselines()], [[], []]);
      });

      it("lets its owner begin anew afterwards, and share the item", async () => {
        begin(wanted());
        await end();
        reported(machine.run({ items: [file("shared"), file("other")] }, "apply", undefined, alpha));
        reported(machine.run({ items: [] }, "delete", undefined, bravo));
        assert.equal(shared(), "wanted\n");
        reported(machine.run({ items: [] }, "delete", undefined, alpha));
        assert.equal(shared(), "as it was\n");
      });
    });
  }

  it("tells whoever confirms it after all that it was taken back", async () => {
    const { operationId } = hold("gone/4/5/6");
    begin(wanted());
    await end();
    const late = reported(machine.run({ items: [] }, "confirm", undefined, { ...alpha, operationId }));
    assert.deepEqual(
      late.errors.map(({ code }) => code),
      ["GW307"],
    );
    assert.equal(shared(), "wanted\n");
  });

  it("goes on beside what does not go back, which its owner has still", async () => {
    hold("gone/4/5/6");
    const undone = `file_restore() { [ "$path" != '${at("other")}' ] && command cp -a "$capture/old" "$path"; }`;
    begin(wanted(), undone);
    const report = await end();
    assert.deepEqual([report.outcome, report.unrestored.length], ["committed", 1]);
    assert.ok(existsSync(open("restoring")));
    reported(machine.run({ items: [] }, "delete", undefined, alpha));
    reported(machine.run({ items: [] }, "delete", undefined, bravo));
    assert.equal(shared(), "as it was\n");
    assert.ok(!existsSync(at("other")));
  });

  it("finishes what was committed and cut off", async () => {
    hold("gone/4/5/6");
    writeFileSync(open("committed"), "");
    begin(wanted());
    const report = await end();
    assert.deepEqual([report.outcome, report.settled, report.changed], ["committed", false, []]);
    assert.equal(claimed().length, 2);
    assert.ok(existsSync(at("other")));
  });
});

describe("an operation that waits for one that somebody comes back to", () => {
  /** Long after the time for what is abandoned. */
  async function waits(): Promise<void> {
    await sleep(2000);
    assert.ok(!hasEnded());
    assert.ok(existsSync(open("claim.after")));
  }

  it("waits for its deployment's checks from elsewhere", async () => {
    const { operationId } = hold("host/1/2/3");
    begin(failing());
    await waits();
    reported(machine.run({ items: [] }, "confirm", undefined, { ...alpha, operationId }));
    assert.equal((await end()).outcome, "restored");
    assert.equal(shared(), "wanted\n");
    assert.deepEqual(claimed(), [ownerOf(alpha.urn)]);
  });

  it("waits for its deployment's restart", async () => {
    hold("host/1/2/3");
    forBoot("host/1/2/3");
    begin(wanted());
    await waits();
    reported(
      machine.run({ items: [file("shared"), file("other")] }, "apply", undefined, { ...alpha, resume: true }),
    );
    assert.deepEqual((await end()).changed, []);
    assert.equal(claimed().length, 2);
  });

  it("but not for ever, even where its deployment goes on", async () => {
    hold("host/1/2/3");
    begin(wanted(), "gw_alone_most_turns=20");
    assert.deepEqual([(await end()).settled, shared()], [true, "wanted\n"]);
  });

  for (const state of ["waiting", "running"])
    it(`waits for a timer that is ${state}`, async () => {
      hold("gone/4/5/6");
      renameSync(open("held"), open("armed"));
      begin(wanted(), `systemctl() { cat '${machine.folder}/state'; }`);
      writeFileSync(join(machine.folder, "state"), `${state}\n`);
      await waits();
      writeFileSync(join(machine.folder, "state"), "elapsed\n");
      assert.equal((await end()).settled, true);
    });
});

describe("a change that waits for a login that never comes", () => {
  /** Runs the program of its folder as a hand does. */
  function byHand(...words: string[]): string {
    const folder = mkdtempSync(join(machine.folder, "hand-"));
    // As the timer's program was written while the operation ran, for the machine of this test.
    machine.beside("read", { items: [] }, "read", alpha);
    const path = join(machine.folder, "read/program");
    const text = readFileSync(path, "utf8");
    const settings = text
      .slice(text.indexOf("\ngw_root='", text.indexOf("# --- data ---")))
      .split("</dev/null gw_")[0];
    writeFileSync(
      join(folder, "program"),
      `${text.split("</dev/null gw_")[0]}gw_program='${path}'\ndeadman_program\n`,
    );
    const program = spawnSync("dash", [join(folder, "program")], { encoding: "utf8" }).stdout;
    writeFileSync(
      join(folder, "revert"),
      program.replace("# --- data ---\n", () => `# --- data ---\n${settings}\n`),
    );
    return spawnSync("dash", [join(folder, "revert"), ...words], { encoding: "utf8" }).stderr;
  }

  /** Left by an operation that armed the timer, and is at its end or not. */
  function armed(text: string): void {
    hold("gone/4/5/6");
    rmSync(open("held"));
    writeFileSync(open("armed"), text);
  }

  it("stays when it is confirmed by hand, and nothing of it is open any more", async () => {
    armed("waiting\n");
    assert.equal(byHand("keep"), "");
    assert.ok(!existsSync(open()));
    assert.deepEqual([claimed(), shared()], [[ownerOf(alpha.urn)], "wanted\n"]);
    begin(wanted());
    assert.deepEqual([(await end()).settled, claimed().length], [false, 2]);
    for (const owner of [bravo, alpha]) reported(machine.run({ items: [] }, "delete", undefined, owner));
    assert.equal(shared(), "as it was\n");
  });

  it("is refused by hand while it is not at its end", () => {
    armed("waiting\nrestart\n");
    assert.match(byHand("keep"), /nothing here waits for a login/);
    assert.ok(existsSync(open("armed")));
  });

  it("is put back by the same program without a word", () => {
    armed("waiting\n");
    byHand();
    assert.ok(!existsSync(open()));
    assert.equal(shared(), "as it was\n");
  });
});
