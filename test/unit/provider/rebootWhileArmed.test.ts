import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ownerOf, type Wanted } from "../../../provider/engine/program.ts";
import type { Check, Item } from "../../../provider/index.ts";
import { parseReport, type Report } from "../../../provider/session/report.ts";
import { eventually } from "../../support/eventually.ts";
import { CutMachine } from "./cutMachine.ts";

let machine: CutMachine;
beforeEach(() => {
  machine = new CutMachine();
  writeFileSync(at("sshd"), "as it was\n");
});
afterEach(() => machine.close());

const at = (name: string): string => join(machine.tree, name);
const alpha = { urn: "urn:pulumi:dev::groundwork::groundwork:index:HostState::alpha-m1" };
const open = (name: string): string => join(machine.root, "transactions", ownerOf(alpha.urn), name);
const ended = (name: string): boolean => existsSync(join(machine.folder, name, "ended"));
const sshd = (): string => readFileSync(at("sshd"), "utf8");

/** Lets a program find systemd as it is while a restart is under way, or while none is; it notes each start of the timer. */
function systemd(restarts: boolean): string {
  const folder = join(machine.folder, `systemd-${restarts}`);
  mkdirSync(folder, { recursive: true });
  const systemctl = `#!/bin/sh
case $* in
  *is-active*) ${restarts} ;;
  is-system-running) echo running ;;
  restart*) echo "$2" >>'${machine.folder}/timer' ;;
esac
`;
  writeFileSync(join(folder, "systemctl"), systemctl, { mode: 0o755 });
  writeFileSync(join(folder, "systemd-run"), "#!/bin/sh\n", { mode: 0o755 });
  return `PATH='${folder}':$PATH\n`;
}

/** A file that stands for sshd's, then a step that takes longer than the timer, then a restart. */
function wanted(): Wanted {
  // The first item would have armed it.
  const arm = `[ -e '${open("armed")}' ] || : >'${open("armed")}'`;
  const step: Item = {
    kind: "command",
    name: "a slow step",
    run: `${arm}; ${beside("early")}; : >'${at("step")}'`,
    unless: `[ -e '${at("step")}' ]`,
    undo: `rm -f '${at("step")}'`,
  };
  const file: Item = {
    kind: "file",
    path: at("sshd"),
    content: "wanted\n",
    owner: machine.owner,
    group: machine.group,
  };
  return { items: [file, step, { kind: "reboot", name: "for the step", after: ["command:a slow step"] }] };
}

/** What starts the timer's program of that name, which waits for the operation from then on. */
function beside(name: string): string {
  const folder = join(machine.folder, name);
  const started = `until [ -e '${folder}/report' ]; do sleep 0.05; done; sleep 0.3`;
  return `dash '${folder}/program' >'${folder}/output' 2>&1 </dev/null & ${started}`;
}

/** The command of a program that does what the timer does when its time is over. */
function timer(name: string, restarts: boolean): string {
  const command = machine.beside(name, { items: [] }, "read", alpha);
  patch(name, /<\/dev\/null gw_main read END/, `${systemd(restarts)}</dev/null gw_revert END`);
  return command;
}

function patch(name: string, from: RegExp, to: string): void {
  const path = join(machine.folder, name, "program");
  const text = readFileSync(path, "utf8");
  assert.match(text, from);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
}

/** Runs the operation, or goes on with it. */
function apply(name: string, checks: Check[] = [], resume = false): void {
  const command = machine.beside(name, { ...wanted(), checks }, "apply", { ...alpha, resume });
  patch(name, /<\/dev\/null gw_main apply END/, `${systemd(true)}</dev/null gw_main apply END`);
  run(command);
}

/** Another boot than the one that was asked to end. */
function nextBoot(): void {
  const boots = readFileSync(open("boots"), "utf8");
  writeFileSync(open("boots"), boots.replace(/^(\S+) \S+/gm, "$1 11111111-2222-3333-4444-555555555555"));
}

const reported = (name: string): Report =>
  parseReport(readFileSync(join(machine.folder, name, "report"), "utf8"));
const startedOver = (): number =>
  readFileSync(join(machine.folder, "timer"), "utf8").trim().split("\n").length;

function run(command: string): void {
  spawnSync("sh", ["-c", command]);
}

describe("a timer whose time is over before the operation asks for a restart", () => {
  beforeEach(async () => {
    timer("early", true);
    apply("alpha");
    await eventually("the end of the timer's program", async () => ended("early"));
  });

  it("starts over, so that the operation is there after the restart", () => {
    assert.equal(reported("alpha").rebooting?.begun, true);
    assert.ok(existsSync(open("boots")));
    assert.equal(sshd(), "wanted\n");
    assert.equal(startedOver(), 1);
  });

  it("starts over as long as the restart is under way", () => {
    run(timer("second", true));
    assert.equal(sshd(), "wanted\n");
    assert.equal(startedOver(), 2);
  });

  it("takes the operation back where the restart does not come", () => {
    run(timer("second", false));
    assert.equal(sshd(), "as it was\n");
    assert.ok(!existsSync(open("boots")));
  });

  it("takes the operation back in the next boot when nobody comes, also when that is about to end", () => {
    nextBoot();
    run(timer("second", true));
    assert.equal(sshd(), "as it was\n");
  });

  it("starts over once more when what goes on after the restart ends: the login has all of its time", async () => {
    nextBoot();
    timer("late", true);
    apply("after", [{ name: "a slow check", run: beside("late") }], true);
    await eventually("the end of the timer's program", async () => ended("late"));
    assert.equal(reported("after").armed, true);
    assert.equal(sshd(), "wanted\n");
    assert.equal(startedOver(), 2);
  });
});
