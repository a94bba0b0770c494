import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, afterEach, before, describe, it } from "node:test";
import { GroundworkError } from "../../../errors/index.ts";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import { change } from "../../../provider/resources/leasedChange.ts";
import { UnknownOutcome } from "../../../provider/session/machine.ts";
import { type FakeSsh, openFakeSsh } from "../../support/fakeSsh.ts";
import { connection, operation } from "./smallSpec.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-start-"));
const silent = { info: () => undefined, warning: () => undefined, status: () => undefined };
const deployment = new Deployment(silent);
let ssh: FakeSsh;
before(async () => {
  ssh = await openFakeSsh();
  ssh.answer = onThisComputer;
});
after(async () => {
  await deployment.close();
  await ssh.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs what the machine is to run, with a program that says only that it began, and whether it found an interrupt. */
const onThisComputer: FakeSsh["answer"] = async ({ command, input }) => {
  await text(input);
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command.replaceAll("/run/groundwork", folder)], {
    input: `[ ! -e "\${0%/*}/cancel" ] || echo told >>'${folder}/begun'\necho begun >>'${folder}/begun'\nprintf 'machine m1\\ncommitted\\nend ok\\n' >&3\n`,
    env: { PATH: `${folder}:${process.env.PATH}` },
    encoding: "utf8",
  });
  return { code: status ?? 1, stdout, stderr };
};

/** A systemd that loses the first unit, be it before its program began or after it ended. */
function systemd(loses: "before" | "after" | "never"): void {
  const lost = `[ -e '${folder}/lost' ] || { : >'${folder}/lost'; exit 1; }`;
  const run = 'while [ "$1" != sh ]; do shift; done; "$@"';
  const steps = { before: [lost, run], after: [run, lost], never: [run] }[loses];
  rmSync(join(folder, "lost"), { force: true });
  rmSync(join(folder, "begun"), { force: true });
  writeFileSync(join(folder, "systemd-run"), ["#!/bin/sh", ...steps, ""].join("\n"), { mode: 0o755 });
}

describe("a program whose connection broke before it arrived", () => {
  afterEach(() => {
    ssh.answer = onThisComputer;
  });

  /** Connections that break before the machine hears of the program. */
  function broken(times: number): { starts: number } {
    systemd("never");
    const seen = { starts: 0 };
    ssh.answer = async (command) => {
      if (!command.command.includes("systemd-run")) return onThisComputer(command);
      seen.starts += 1;
      return seen.starts <= times
        ? { code: 255, stderr: "Connection reset by peer" }
        : onThisComputer(command);
    };
    return seen;
  }

  /** The computer runs for 1000 s, its first process for none: a container that was started again. */
  function startedAMomentAgo(): (command: string) => string {
    writeFileSync(join(folder, "uptime"), "1000.00 900.00\n");
    writeFileSync(join(folder, "stat"), `1 (systemd) S ${"0 ".repeat(18)}100000 0\n`);
    return (text) =>
      text.replace("/proc/uptime", join(folder, "uptime")).replace("/proc/1/stat", join(folder, "stat"));
  }

  it("is sent again, for nothing of it began", async () => {
    const seen = broken(2);
    const report = await deployment.session(connection).change({ items: [] }, operation);
    assert.ok(report.succeeded);
    assert.equal(seen.starts, 3);
    assert.equal(readFileSync(join(folder, "begun"), "utf8"), "begun\n");
  });

  it("is sent again where half of it arrived, and what still waits for the other half never begins", async () => {
    const seen = broken(1);
    let half = "";
    const whole = ssh.answer;
    ssh.answer = async (command) => {
      if (seen.starts > 0 || !command.command.includes("systemd-run")) return whole(command);
      half = command.command;
      const run = /run=\/run\/groundwork\/([0-9a-f]+)/.exec(half)?.[1] ?? "";
      mkdirSync(join(folder, run, "work"), { recursive: true });
      return whole(command);
    };
    const report = await deployment.session(connection).change({ items: [] }, operation);
    assert.ok(report.succeeded);
    assert.equal(seen.starts, 2);
    spawnSync("sh", ["-c", half.replaceAll("/run/groundwork", folder).replace("mkdir -p", ":")], {
      input: `echo begun >>'${folder}/begun'\n`,
      env: { PATH: `${folder}:${process.env.PATH}` },
    });
    assert.equal(readFileSync(join(folder, "begun"), "utf8"), "begun\n");
  });

  it("is not sent again after an interrupt", async () => {
    const seen = broken(1);
    const interrupted = new Deployment(silent);
    const broke = ssh.answer;
    ssh.answer = async (command) => {
      if (seen.starts === 0) void interrupted.cancel();
      return broke(command);
    };
    const running = change(interrupted, connection, { items: [] }, operation);
    await assert.rejects(running, { code: "GW310" });
    assert.equal(seen.starts, 1);
    await interrupted.close();
  });

  it("is not known to be gone where an interrupt waits for it on a machine that was started since", async () => {
    broken(1);
    const fresh = ssh.answer;
    const interrupted = new Deployment(silent);
    const young = startedAMomentAgo();
    ssh.answer = async (command) => {
      const answer = await fresh({ ...command, command: young(command.command) });
      if (command.command.includes("systemd-run")) await interrupted.cancel();
      return answer;
    };
    await assert.rejects(change(interrupted, connection, { items: [] }, operation), UnknownOutcome);
    await interrupted.close();
  });

  it("is given up after three times, as one of which nothing is left", async () => {
    const seen = broken(9);
    const change = deployment.session(connection).change({ items: [] }, operation);
    await assert.rejects(change, (error: unknown) => {
      assert.ok(error instanceof GroundworkError && !(error instanceof UnknownOutcome));
      assert.equal(error.code, "GW311");
      return true;
    });
    assert.equal(seen.starts, 3);
  });

  it("is not sent again where the machine was started since: nobody knows how far it came", async () => {
    const seen = broken(1);
    const fresh = ssh.answer;
    const young = startedAMomentAgo();
    ssh.answer = (command) => fresh({ ...command, command: young(command.command) });
    const change = deployment.session(connection).change({ items: [] }, operation);
    await assert.rejects(change, UnknownOutcome);
    assert.equal(seen.starts, 1);
  });
});

describe("a program that an interrupt comes before", () => {
  afterEach(() => {
    ssh.answer = onThisComputer;
  });

  it("is not sent at all", async () => {
    const interrupted = new Deployment(silent);
    const asked: string[] = [];
    ssh.answer = ({ command }) => {
      asked.push(command);
      return {};
    };
    await interrupted.cancel();
    await assert.rejects(change(interrupted, connection, { items: [] }, operation), { code: "GW310" });
    assert.deepEqual(asked, []);
    await interrupted.close();
  });

  it("finds it when it starts, where it waited for a session meanwhile", async () => {
    systemd("never");
    const interrupted = new Deployment(silent);
    const session = interrupted.session(connection);
    let heldSessions = 0;
    const held = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    ssh.answer = async (command) => {
      if (!command.command.includes("exec sh -s")) return onThisComputer(command);
      heldSessions += 1;
      if (heldSessions === 6) held.resolve();
      await released.promise;
      return {};
    };
    const others = Array.from({ length: 6 }, () => session.script("", "", 60));
    await held.promise;
    const running = change(interrupted, connection, { items: [] }, operation);
    await interrupted.cancel();
    released.resolve();
    await Promise.all([running, ...others]);
    assert.equal(readFileSync(join(folder, "begun"), "utf8"), "told\nbegun\n");
    await interrupted.close();
  });
});

describe("a program whose unit systemd lost", () => {
  for (const loses of ["before", "after"] as const)
    it(`${loses === "before" ? "before it began is started again" : "when it was done is not started again"}`, async () => {
      systemd(loses);
      const report = await deployment.session(connection).change({ items: [] }, operation);
      assert.ok(report.succeeded);
      assert.equal(readFileSync(join(folder, "begun"), "utf8"), "begun\n");
    });
});
