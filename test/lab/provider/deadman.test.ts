import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as labs from "../../../lab/index.ts";
import { HostState, type ItemInput } from "../../../provider/index.ts";
import { eventually } from "../../support/eventually.ts";
import { openTestEngine, type TestEngine } from "../../support/testEngine.ts";
import { openTestLab, type TestLab, type TestMachine } from "../../support/testLab.ts";

/** A change that locks everybody out of a real machine takes itself back, unless a new login confirms it. */
const deadmanSeconds = 14;
let lab: TestLab;
let machine: TestMachine;
let engine: TestEngine;
let etcBefore = "";

before(async () => {
  lab = await openTestLab({ name: "provdead", prefix: "10.95.2", machines: ["m1"] });
  machine = lab.machine("m1");
  engine = await openTestEngine({ environment: { GROUNDWORK_DEADMAN_SECONDS: String(deadmanSeconds) } });
  etcBefore = await machine.listing("/etc");
});

after(async () => {
  await engine?.close();
  await lab?.close();
});

const dropIn = "/etc/ssh/sshd_config.d/00-test.conf";
const items = (content: string): ItemInput[] => [
  { kind: "file", path: dropIn, content, validate: 'sshd -t -f "$1"' },
  { kind: "service", unit: "ssh.service", reloadOn: [`file:${dropIn}`] },
];
const sshd = (content: string) => () => {
  new HostState("sshd-m1", { connection: machine.connection, stream: "sshd", items: items(content) });
};

/** Whether a new login works, as anybody would try it. */
async function canLogIn(): Promise<boolean> {
  const pins = join(lab.folder, "known_hosts");
  await writeFile(pins, `${machine.state.address} ${machine.state.hostKey}\n`);
  const options = [
    "UserKnownHostsFile",
    "StrictHostKeyChecking",
    "BatchMode",
    "ConnectTimeout",
    "IdentitiesOnly",
  ];
  const values = [pins, "yes", "yes", "3", "yes"];
  const args = options.flatMap((option, index) => ["-o", `${option}=${values[index]}`]);
  return new Promise((resolve) => {
    const target = `root@${machine.state.address}`;
    execFile("ssh", ["-F", "none", "-i", join(lab.folder, "id"), ...args, target, "true"], (error) =>
      resolve(error === null),
    );
  });
}

const timers = (): Promise<string> =>
  machine.inside(
    "ls /etc/systemd/system /etc/systemd/system/timers.target.wants 2>/dev/null | grep -c groundwork-revert || :",
  );

test("a change of sshd that lets people in is confirmed by one more login, and its timer is gone", async () => {
  const loginsBefore = await machine.logins();
  const run = await engine.up(sshd("LoginGraceTime 61\n"));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal((await machine.logins()) - loginsBefore, 2);
  assert.equal(await machine.inside("sshd -T | grep -i '^logingracetime'"), "logingracetime 61");
  assert.equal(await timers(), "0");
  assert.equal(await machine.inside("ls -A /var/lib/groundwork/transactions"), "");
});

test("a change that locks everybody out fails with GW307, and the machine takes it back by itself", async () => {
  const run = await engine.up(sshd("LoginGraceTime 61\nAllowUsers nobody\n"));
  assert.equal(run.succeeded, false);
  assert.match(
    run.messages.join("\n"),
    /GW307 m1: no new login succeeded after the change \(.*Permission denied/,
  );
  assert.equal(await canLogIn(), false, "it really locked everybody out");
  const since = Date.now();
  await eventually("a login", canLogIn, deadmanSeconds + 10);
  assert.ok(Date.now() - since < deadmanSeconds * 1000);
  assert.equal(await machine.inside(`cat ${dropIn}`), "LoginGraceTime 61");
  await eventually("the timer's end", async () => (await timers()) === "0");
  const again = await engine.up(sshd("LoginGraceTime 61\n"));
  assert.equal(again.succeeded, true, again.messages.join("\n"));
  assert.deepEqual(
    again.steps.map(({ operation }) => operation),
    ["refresh", "same"],
  );
});

test("a machine that loses its power while it waits for the confirmation takes the change back once it is up again", async () => {
  const up = engine.up(sshd("LoginGraceTime 61\nAllowUsers nobody\n"));
  await eventually("the change", async () => (await machine.inside(`grep -c nobody ${dropIn} || :`)) === "1");
  await eventually("the reload", async () => !(await canLogIn()));
  await labs.powerCut({ network: lab.network, name: "m1" });
  await labs.startMachine(machine.spec);
  assert.equal(await machine.inside(`grep -c nobody ${dropIn}`), "1", "the change outlived the power cut");
  await eventually("a login", canLogIn, deadmanSeconds + 15);
  assert.equal(await machine.inside(`cat ${dropIn}`), "LoginGraceTime 61");
  const run = await up;
  assert.equal(run.succeeded, false);
});

test("destroy puts sshd back as it was, confirmed by a login too", async () => {
  await engine.settle();
  const loginsBefore = await machine.logins();
  const run = await engine.destroy();
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal((await machine.logins()) - loginsBefore, 2);
  assert.equal(await machine.listing("/etc"), etcBefore);
  assert.equal(await machine.inside("test -e /var/lib/groundwork || echo gone"), "gone");
});
