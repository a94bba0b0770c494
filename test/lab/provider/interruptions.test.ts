import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { after, before, test } from "node:test";
import { type Connection, HostState, type ItemInput } from "../../../provider/index.ts";
import { eventually } from "../../support/eventually.ts";
import { openTestEngine, type TestEngine } from "../../support/testEngine.ts";
import { openTestLab, type TestLab, type TestMachine } from "../../support/testLab.ts";

/** What happens to a real machine when a part of the way to it breaks in the middle of an operation. */
let lab: TestLab;
let machine: TestMachine;
let engine: TestEngine;

before(async () => {
  lab = await openTestLab({ name: "provcut", prefix: "10.95.1", machines: ["m1"] });
  machine = lab.machine("m1");
  engine = await openTestEngine();
});

after(async () => {
  await engine?.close();
  await lab?.close();
});

/** A step that takes a while and writes down when it began and when it ended. */
const slow = (name: string, seconds: number): ItemInput => ({
  kind: "command",
  name,
  run: `echo began >>/root/${name}; sleep ${seconds}; echo ended >>/root/${name}`,
  unless: `grep -qs ended /root/${name}`,
  undo: `rm -f /root/${name}`,
});

/** A step that goes on until the test lets it end. */
const held = (name: string): ItemInput => ({
  kind: "command",
  name,
  run: `echo began >>/root/${name}; until [ -e /root/${name}-end ]; do sleep 0.1; done; rm /root/${name}-end; echo ended >>/root/${name}`,
  unless: `grep -qs ended /root/${name}`,
  undo: `rm -f /root/${name}`,
});

const file = (name: string, content = "text\n"): ItemInput => ({
  kind: "file",
  path: `/etc/cut/${name}`,
  content,
});

const host =
  (items: ItemInput[], connection: Connection = machine.connection) =>
  () => {
    new HostState("cut-m1", { connection, stream: "cut", items });
  };

const notes = (name: string): Promise<string> => machine.inside(`cat /root/${name} 2>/dev/null | xargs`);
const begun = (name: string): Promise<string> =>
  eventually(`${name} runs`, async () => (await notes(name)) || undefined);

/** Everything that an operation could leave behind. */
const traces = (): Promise<string> =>
  machine.inside(
    "ls -d /etc/cut /root/slow* /var/lib/groundwork /etc/systemd/system/groundwork-revert* 2>/dev/null | xargs",
  );

/** The provider that is connected to a machine: the engine may run another one beside it to ask for its schema. */
const connectedProvider = (): Promise<number> =>
  only("the provider", async () => {
    const pids = await engine.providers();
    const masters = await Promise.all(pids.map(mastersOf));
    return pids.filter((_, index) => (masters[index]?.length ?? 0) > 0);
  });

/** The OpenSSH masters of a provider. Their folder carries its process number. */
async function mastersOf(provider: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return pids.flatMap((pid, index) =>
    lines[index]?.includes(`/groundwork-ssh-${provider}-`) && /ControlMaster=yes|\[mux\]/.test(lines[index])
      ? [Number(pid)]
      : [],
  );
}

async function only(what: string, look: () => Promise<number[]>): Promise<number> {
  const found = await eventually(what, async () => {
    const pids = await look();
    return pids.length > 0 && pids;
  });
  assert.equal(found.length, 1, `${what}: ${found.join(", ")}`);
  return found[0] ?? 0;
}

test("a connection that is killed in the middle neither ends the program on the machine nor runs it twice", async () => {
  const loginsBefore = await machine.logins();
  const up = engine.up(host([slow("slow-1", 3), file("a")]));
  await begun("slow-1");
  const provider = await connectedProvider();
  process.kill(await only("the connection", () => mastersOf(provider)), "SIGKILL");
  const run = await up;
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await notes("slow-1"), "began ended");
  assert.equal(await machine.inside("cat /etc/cut/a"), "text");
  assert.equal((await machine.logins()) - loginsBefore, 2, "one login, and one more after the cut");
});

test("a provider that is killed in the middle leaves a machine that the next up settles", async () => {
  const up = engine.up(host([slow("slow-1", 3), file("a"), slow("slow-2", 3), file("b")]));
  await begun("slow-2");
  process.kill(await connectedProvider(), "SIGKILL");
  const broken = await up;
  assert.equal(broken.succeeded, false);
  // The program on the machine is still at work: the next up waits for it, and takes the dead holder's lease over.
  const run = await engine.up(host([slow("slow-1", 3), file("a"), slow("slow-2", 3), file("b")]));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await notes("slow-2"), "began ended");
  assert.equal(await machine.inside("cat /etc/cut/b"), "text");
});

test("a deployment that finds another one at work is refused, and told who it is", async () => {
  const other = await openTestEngine({ project: "other" });
  try {
    const up = engine.up(host([slow("slow-1", 3), file("a"), slow("slow-2", 3), file("b"), held("slow-3")]));
    await begun("slow-3");
    const provider = await connectedProvider();
    const refused = await other.up(() => {
      const items: ItemInput[] = [{ kind: "file", path: "/etc/other", content: "" }];
      new HostState("other-m1", { connection: machine.connection, stream: "other", items });
    });
    assert.equal(refused.succeeded, false);
    assert.match(
      refused.messages.join("\n"),
      new RegExp(`GW304 m1 \\(other\\): held by ${hostname()}/${provider}/\\S+ since \\d{4}-`),
    );
    assert.equal(await machine.inside("test -e /etc/other || echo untouched"), "untouched");
    await machine.inside("touch /root/slow-3-end");
    const run = await up;
    assert.equal(run.succeeded, true, run.messages.join("\n"));
  } finally {
    await other.close();
  }
});

test("what is left of all this goes with destroy", async () => {
  const run = await engine.destroy();
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await traces(), "");
});

test("an interrupt ends the work before the next item and puts the machine back", async () => {
  const up = engine.up(host([file("a"), slow("slow-4", 3), file("b")]));
  await begun("slow-4");
  process.kill(await only("the engine", () => engine.engines()), "SIGINT");
  const run = await up;
  assert.equal(run.succeeded, false);
  assert.match(
    run.messages.join("\n"),
    /GW310 m1 \(cut\): cancelled before file:\/etc\/cut\/b\. The machine was put back as it was/,
  );
  assert.equal(await traces(), "");
});

test("a program that dies on the machine leaves what the state knows of, so that a destroy takes it back", async () => {
  const up = engine.up(host([file("a"), slow("slow-5", 30), file("b")]));
  await begun("slow-5");
  await machine.inside("systemctl kill --signal=KILL 'groundwork-????????????????.service'");
  const run = await up;
  assert.equal(run.succeeded, false);
  assert.match(run.messages.join("\n"), /GW311 m1: /);
  assert.equal(await machine.inside("cat /etc/cut/a"), "text", "nobody was there to put it back");
  assert.ok(await engine.stateOf("cut-m1"), "the state holds it");
  const destroyed = await engine.destroy();
  assert.equal(destroyed.succeeded, true, destroyed.messages.join("\n"));
  assert.equal(await traces(), "");
});

test("a transaction that was cut is put back first, and then the program is brought about", async () => {
  const up = engine.up(host([file("a", "half done\n"), slow("slow-6", 30)]));
  await begun("slow-6");
  await machine.inside("systemctl kill --signal=KILL 'groundwork-????????????????.service'");
  assert.equal((await up).succeeded, false);
  const run = await engine.up(host([file("c")]));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.match(run.messages.join("\n"), /an interrupted operation was put back first/);
  assert.equal(await machine.inside("ls /etc/cut"), "c");
  assert.equal(await notes("slow-6"), "");
});

/** An update to an edition with one file more, whose program dies on the machine before its end. */
async function updateThatDies(name: string): Promise<void> {
  const up = engine.up(host([file("c"), file("d"), slow(name, 30)]));
  await begun(name);
  await machine.inside("systemctl kill --signal=KILL 'groundwork-????????????????.service'");
  const run = await up;
  assert.equal(run.succeeded, false);
  assert.match(run.messages.join("\n"), /GW311 m1: /);
  assert.equal(await machine.inside("cat /etc/cut/d"), "text", "nobody was there to put it back");
  assert.equal((await engine.stateOf("cut-m1"))?.unfinished, true);
}

test("an update that dies on the machine is taken back by an up of the program before it, though nothing of that drifted", async () => {
  await updateThatDies("slow-7");
  const preview = await engine.preview(host([file("c")]));
  assert.ok(
    preview.steps.some(({ operation }) => operation === "update"),
    JSON.stringify(preview),
  );
  const run = await engine.up(host([file("c")]));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await machine.inside("ls /etc/cut"), "c");
  assert.equal(await notes("slow-7"), "");
  assert.equal((await engine.stateOf("cut-m1"))?.unfinished, undefined);
});

test("a destroy after an update that died on the machine gives back what only the new edition had", async () => {
  await updateThatDies("slow-8");
  const destroyed = await engine.destroy();
  assert.equal(destroyed.succeeded, true, destroyed.messages.join("\n"));
  assert.equal(await traces(), "");
  const run = await engine.up(host([file("c")]));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
});

test("a machine that cannot be reached is kept in the state, named, and ends the up with an error", async () => {
  const gone = { ...machine.connection, port: 2 };
  const refused = await engine.up(host([file("c")], gone));
  assert.equal(refused.succeeded, false);
  assert.match(refused.messages.join("\n"), /GW201 m1: root@10\.95\.1\.11:2 could not be reached/);
  assert.ok(await engine.stateOf("cut-m1"));
});

test("another host key stops everything before a byte of the program is sent", async () => {
  const old = machine.connection;
  machine = await machine.remake();
  const run = await engine.up(host([file("c"), file("secret", "not for strangers\n")], old));
  assert.equal(run.succeeded, false);
  const said = run.messages.join("\n");
  assert.match(said, /GW202 m1: .*Its state is kept as it was/);
  assert.match(said, /GW202 m1: /);
  assert.equal(await machine.logins(), 0);
  assert.equal(await traces(), "");
});

test("a destroy is refused where another host key answers, says how to go on, and forgets nothing", async () => {
  const run = await engine.destroy();
  assert.equal(run.succeeded, false);
  assert.match(run.messages.join("\n"), /GW202 m1: .*\.\/groundwork trust m1 shows the new fingerprint/);
  assert.ok(await engine.stateOf("cut-m1"));
  assert.equal(await machine.logins(), 0);
});

test("a machine that was made anew and is trusted again is replaced, and says that nothing is left to restore", async () => {
  const run = await engine.up(host([file("c")]));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.deepEqual(
    run.steps.map(({ operation }) => operation).filter((operation) => operation !== "refresh"),
    ["delete-replaced", "replace", "create-replacement"],
  );
  assert.match(run.messages.join("\n"), /the machine is not the one it was: nothing is left to restore/);
  assert.equal(await machine.inside("cat /etc/cut/c"), "text");
  assert.equal((await engine.destroy()).succeeded, true);
  assert.equal(await traces(), "");
});
