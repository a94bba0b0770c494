import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { holderOf } from "../../../provider/deployment/holder.ts";
import type { Connection } from "../../../provider/index.ts";
import { aliasOf } from "../../../provider/ssh/configFile.ts";
import { AnotherHostKey } from "../../../provider/ssh/failure.ts";
import { SshPool } from "../../../provider/ssh/sshPool.ts";
import { type FakeSsh, openFakeSsh } from "../../support/fakeSsh.ts";
import { connection } from "./smallSpec.ts";

let ssh: FakeSsh;
let pool: SshPool;
before(async () => {
  ssh = await openFakeSsh();
});
after(() => ssh.close());
beforeEach(() => {
  ssh.answer = () => ({});
  ssh.refuse = () => undefined;
  ssh.opened.length = 0;
  pool = new SshPool();
});
afterEach(async () => {
  await pool.close();
  assert.deepEqual(ssh.open, [], "no connection outlives its pool");
});

/** As a provider leaves its folder that is killed. */
function leftBehind(pid: number, holder?: string): string {
  const folder = mkdtempSync(`/tmp/groundwork-ssh-${pid}-`);
  if (holder !== undefined) writeFileSync(join(folder, "holder"), holder);
  return folder;
}

const run = (command = "true", to = connection) => pool.run(to, command, "");

describe("the connection to a machine", () => {
  it("is opened once, however many commands ask for it at once", async () => {
    await Promise.all(Array.from({ length: 5 }, () => run()));
    assert.deepEqual(ssh.opened, ["m1"]);
  });

  it("stays when a command ends with 255 by itself", async () => {
    ssh.answer = () => ({ code: 255, stdout: "its own" });
    const results = await Promise.all([run(), run(), run()]);
    assert.deepEqual(
      results.map(({ code, stdout }) => [code, stdout]),
      Array.from({ length: 3 }, () => [255, "its own"]),
    );
    await run();
    assert.deepEqual(ssh.opened, ["m1"]);
    assert.deepEqual(ssh.open, ["m1"]);
  });

  it("is opened anew, once, when it was lost", async () => {
    await run();
    ssh.answer = () => {
      ssh.cut("m1");
      return { code: 255 };
    };
    await Promise.all([run(), run(), run()]);
    ssh.answer = () => ({});
    assert.deepEqual(
      (await Promise.all([run(), run()])).map(({ code }) => code),
      [0, 0],
    );
    assert.deepEqual(ssh.opened, ["m1", "m1"]);
  });

  it("is closed even when the pool ends while it is being opened", async () => {
    const running = run();
    await pool.close();
    await running;
    assert.deepEqual(ssh.opened, ["m1"]);
    assert.deepEqual(ssh.open, []);
  });

  it("is not opened to a host with another key, and it is said whose key that is", async () => {
    const bastion: Connection = { ...connection, name: "gate", address: "192.0.2.9" };
    const behind: Connection = { ...connection, bastion };
    const changed = (alias: string): string =>
      `Host key for ${alias} has changed and you have requested strict checking.\nHost key verification failed.`;
    /** Of which of the two hosts the error is. */
    const refused = async (words: string, to: Connection): Promise<boolean[]> => {
      ssh.refuse = () => words;
      const error: unknown = await run("true", to).catch((refusal: unknown) => refusal);
      assert.ok(error instanceof AnotherHostKey);
      assert.equal(error.code, "GW202");
      return [error.isOf({ ...to }), error.isOf(bastion)];
    };
    assert.deepEqual(await refused("Host key verification failed.", connection), [true, false]);
    assert.deepEqual(await refused(changed(aliasOf(behind)), behind), [true, false]);
    assert.deepEqual(await refused(changed(aliasOf(bastion)), behind), [false, true]);
    assert.deepEqual(await refused("Host key verification failed.", behind), [false, false]);
  });
});

describe("connections that a killed provider left", () => {
  it("are ended by the next one, and nobody else's: not those of a container that shares /tmp", async () => {
    const child = spawn("true", { stdio: "ignore" });
    const pid = child.pid ?? 0;
    const holder = holderOf(pid);
    await once(child, "exit");
    const dead = leftBehind(pid, holder);
    const elsewhere = holder.replace(/[^/]*$/, "elsewhere");
    const others = [holderOf(process.pid), elsewhere, "", undefined].map((other) => leftBehind(pid, other));
    const next = new SshPool();
    try {
      await sleep(2500);
      assert.equal(existsSync(dead), false);
      assert.deepEqual(others.filter(existsSync), others);
    } finally {
      await next.close();
      for (const folder of [dead, ...others]) rmSync(folder, { recursive: true, force: true });
    }
  });
});
