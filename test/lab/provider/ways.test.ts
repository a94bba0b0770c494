import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import { type Connection, Gate, HostState, type ItemInput } from "../../../provider/index.ts";
import { HostStateResource } from "../../../provider/resources/hostState.ts";
import type { Properties } from "../../../provider/resources/resource.ts";
import { eventually } from "../../support/eventually.ts";
import { openTestEngine, type Run, type TestEngine } from "../../support/testEngine.ts";
import { openTestLab, type TestLab, type TestMachine } from "../../support/testLab.ts";
import { mastersOf } from "../../support/theWay.ts";

/** Real machines to which the way changes, or breaks at the worst moment. The tests follow each other. */
let lab: TestLab;
let m1: TestMachine;
let m2: TestMachine;
let engine: TestEngine;

before(async () => {
  lab = await openTestLab({ name: "provmove", prefix: "10.95.22", machines: ["m1", "m2"] });
  m1 = lab.machine("m1");
  m2 = lab.machine("m2");
  engine = await openTestEngine();
});

after(async () => {
  await engine?.close();
  await lab?.close();
});

const items: ItemInput[] = [{ kind: "file", path: "/etc/moved/a", content: "text\n" }];

/** A stream of one machine with its gate, which writes down each time that its check runs. */
const stream = (way: Partial<Connection>) => () => {
  const connection = { ...m1.connection, ...way };
  const host = new HostState("host-m1", { connection, stream: "moved", items });
  new Gate(
    "gate",
    {
      stream: "moved",
      generations: { "host-m1": host.generation },
      checks: [{ name: "it was asked", run: "echo asked >>/run/asked", on: connection }],
    },
    { dependsOn: [host] },
  );
};

/** sshd listens on these ports and no others. */
const listenOn = (...ports: number[]): Promise<string> =>
  m1.inside(`printf 'Port %s\\n' ${ports.join(" ")} >/etc/ssh/sshd_config.d/00-ports.conf
    systemctl reload ssh.service`);
const operations = (run: Run): string[] =>
  run.steps
    .map(({ operation, name }) => `${operation} ${name}`)
    .filter((step) => !step.startsWith("refresh"));
const generation = async (): Promise<unknown> => (await engine.stateOf("host-m1"))?.generation;
/** Operations that changed the machine: each leaves its mark in the journal. */
const changes = async (): Promise<number> =>
  Number(await m1.inside("journalctl -q --no-pager | grep -c 'Started groundwork-' || :"));

test("a machine on another port is looked at there, once, and nothing is applied again nor checked again", async () => {
  await listenOn(22, 2222);
  assert.equal((await engine.up(stream({}))).succeeded, true);
  const [first, applied] = [await generation(), await changes()];
  assert.ok(applied > 0, "the journal tells of changes");

  const logins = await m1.logins();
  const run = await engine.up(stream({ port: 2222 }));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.deepEqual(operations(run), ["update host-m1", "same gate"]);
  assert.equal(await generation(), first);
  assert.equal(await changes(), applied);
  assert.equal((await m1.logins()) - logins, 2, "one over the old way, one over the new one");

  await listenOn(2222);
  const again = await engine.up(stream({ port: 2222 }));
  assert.deepEqual(operations(again), ["same host-m1", "same gate"]);
  assert.deepEqual(again.messages, [], "the state knows the new way, the gate's too");
});

test("a machine whose old way is closed already is found over the new one, as it was left", async () => {
  await listenOn(22);
  const [first, applied] = [await generation(), await changes()];
  const run = await engine.up(stream({}));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  // The gate could not be asked over the old way, so it is asked again.
  assert.deepEqual(operations(run), ["update host-m1", "update gate"]);
  assert.equal(await generation(), first);
  assert.equal(await changes(), applied);
});

test("what is not as it was left over the new way is mended as usual", async () => {
  await listenOn(2222);
  await m1.inside("echo other >/etc/moved/a");
  const first = await generation();
  const run = await engine.up(stream({ port: 2222 }));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await m1.inside("cat /etc/moved/a"), "text");
  assert.notEqual(await generation(), first);
});

test("another machine at the new address gets nothing, and the state stays with the first one", async () => {
  const refused = await engine.up(stream({ address: m2.state.address, port: 22 }));
  assert.equal(refused.succeeded, false);
  assert.match(refused.messages.join("\n"), /GW202 m1: /);
  // A clone that offers the same host key is told by its machine-id.
  await m2.inside("cp -a /etc/ssh /etc/ssh.own");
  const keys = await m1.inside("tar -C /etc/ssh -cf - $(cd /etc/ssh && ls -d ssh_host_*) | base64 -w 0");
  await m2.inside(`echo ${keys} | base64 -d | tar -C /etc/ssh -xf -; systemctl restart ssh.service`);
  const clone = await engine.up(stream({ address: m2.state.address, port: 22 }));
  assert.equal(clone.succeeded, false);
  assert.match(clone.messages.join("\n"), /GW206 m1 \(moved\): machine-id is /);
  assert.equal(
    await m2.inside("test -e /etc/moved || test -e /var/lib/groundwork || echo untouched"),
    "untouched",
  );
  await m2.inside("rm -r /etc/ssh; mv /etc/ssh.own /etc/ssh; systemctl restart ssh.service");
  const back = await engine.up(stream({ port: 2222 }));
  assert.equal(back.succeeded, true, back.messages.join("\n"));
  assert.equal((await engine.destroy()).succeeded, true);
  await listenOn(22);
});

test("a change that checks from elsewhere accepted stays though the answer was lost", async () => {
  const deployment = new Deployment({
    info: () => undefined,
    warning: () => undefined,
    status: () => undefined,
  });
  const host = new HostStateResource(deployment);
  const call = { urn: "urn:pulumi:dev::test::groundwork:index:HostState::lost", preview: false, timeout: 0 };
  const inputs = {
    stream: "lost",
    connection: m1.connection,
    items,
    checks: [
      {
        name: "the other machine agrees",
        run: "touch /run/asked; while [ ! -e /run/go ]; do sleep 0.1; done",
        on: m2.connection,
      },
    ],
  } as unknown as Properties;
  const creating = host.create(call, inputs);
  await eventually("the check", async () => (await m2.inside("ls /run/asked 2>/dev/null || :")) !== "");
  // The program that makes it stay waits for the owner's lock until the connection is gone.
  await m1.inside(`for lock in /run/groundwork/locks/owner-*; do
      setsid -f flock "$lock" sh -c 'touch /run/held; while [ ! -e /run/go ]; do sleep 0.1; done' >/dev/null 2>&1
    done`);
  await eventually("the lock", async () => (await m1.inside("ls /run/held 2>/dev/null || :")) !== "");
  const [before] = await Promise.all([mastersOf(process.pid), m2.inside("touch /run/go")]);
  assert.equal(before.length, 2);
  await eventually(
    "the program that waits for the lock",
    async () =>
      (await m1.inside("lslocks --noheadings -o BLOCKER,PATH | grep -c '^ *[0-9].*owner-' || :")) !== "0",
  );
  for (const master of before) process.kill(master, "SIGKILL");
  await m1.inside("touch /run/go");
  const { id, outputs } = await creating;
  assert.equal(outputs.machineId, m1.state.machineId);
  assert.equal(await m1.inside("cat /etc/moved/a; ls -A /var/lib/groundwork/transactions"), "text");
  await host.delete(call, id, { inputs, outputs });
  await deployment.close();
  assert.equal(await m1.inside("test -e /etc/moved || test -e /var/lib/groundwork || echo gone"), "gone");
});
