import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import type { Connection, HostStateInputs, Item } from "../../../provider/index.ts";
import { GateResource } from "../../../provider/resources/gate.ts";
import { HostStateResource } from "../../../provider/resources/hostState.ts";
import type { Properties } from "../../../provider/resources/resource.ts";
import { eventually } from "../../support/eventually.ts";
import { openTestLab, type TestLab, type TestMachine } from "../../support/testLab.ts";

/** Ways to a machine, and what several machines decide together: bastions, users, checks from elsewhere, tickets, gates. */
let lab: TestLab;
let m1: TestMachine;
let m2: TestMachine;
let reports = "";
const said: string[] = [];
let deployment: Deployment;

before(async () => {
  lab = await openTestLab({ name: "provway", prefix: "10.95.3", machines: ["m1", "m2"] });
  m1 = lab.machine("m1");
  m2 = lab.machine("m2");
  reports = await mkdtemp(join(tmpdir(), "groundwork-reports-"));
  process.env.GROUNDWORK_REPORTS = reports;
  deployment = fresh();
});

afterEach(async () => {
  await deployment?.close();
  said.length = 0;
  deployment = fresh();
});

after(async () => {
  await deployment?.close();
  await lab?.close();
  await rm(reports, { recursive: true, force: true });
});

function fresh(): Deployment {
  const note = (text: string): void => void said.push(text);
  return new Deployment({ info: note, warning: note, status: note });
}

const urn = (name: string): string => `urn:pulumi:dev::test::groundwork:index:HostState::${name}`;
const call = (name: string) => ({ urn: urn(name), preview: false, timeout: 0 });
const hostState = () => new HostStateResource(deployment);
const file = (name: string): Item => ({ kind: "file", path: `/etc/way/${name}`, content: `${name}\n` });

/** Everything that an operation could leave behind. */
const traces = (): Promise<string> => m1.inside("find /etc/way /var/lib/groundwork 2>/dev/null || :");

/** Checks inputs as the engine does, then creates. */
async function create(name: string, spec: Omit<HostStateInputs, "stream">) {
  const inputs = { stream: "way", ...spec } as unknown as Properties;
  assert.deepEqual(hostState().check(urn(name), inputs), []);
  const { id, outputs } = await hostState().create(call(name), inputs);
  return {
    outputs,
    destroy: () => hostState().delete(call(name), id, { inputs, outputs }),
    read: () => hostState().read(call(name), id, { inputs, outputs }),
  };
}

test("a machine behind a bastion is reached through it, and both are checked against their pins", async () => {
  const behind: Connection = { ...m2.connection, bastion: m1.connection };
  const [first, second] = [await m1.logins(), await m2.logins()];
  const host = await create("bastion", { connection: behind, items: [file("a")] });
  assert.equal(host.outputs.machineId, m2.state.machineId);
  assert.equal(await m2.inside("cat /etc/way/a"), "a");
  await host.destroy();
  assert.deepEqual([(await m1.logins()) - first, (await m2.logins()) - second], [1, 1]);
  assert.match(await m2.inside("journalctl -q -u ssh | grep Accepted | tail -n 1"), /from 10\.95\.3\.11 /);

  const stranger = { ...behind, bastion: { ...m1.connection, hostKey: m2.connection.hostKey } };
  const before = await m2.logins();
  await assert.rejects(create("bastion", { connection: stranger, items: [file("a")] }), { code: "GW202" });
  assert.equal(await m2.logins(), before);
});

test("a user with sudo does what root does, and one without is refused by name", async () => {
  await m1.inside(`useradd -m -s /bin/sh deploy
    install -d -m 700 -o deploy -g deploy /home/deploy/.ssh
    install -m 600 -o deploy -g deploy /root/.ssh/authorized_keys /home/deploy/.ssh/authorized_keys`);
  const connection = { ...m1.connection, user: "deploy" };
  await assert.rejects(create("user", { connection, items: [file("a")] }), (error: Error) => {
    assert.match(error.message, /^GW205 m1/);
    return true;
  });
  assert.equal(await m1.inside("test -e /etc/way || echo untouched"), "untouched");
  await m1.inside("echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy");
  const host = await create("user", { connection, items: [file("a")], facts: { who: { run: "id -un" } } });
  assert.equal(await m1.inside("stat -c '%U %a' /etc/way/a"), "root 644");
  assert.deepEqual(host.outputs.facts, { who: "root\n" });
  await host.destroy();
  assert.equal(await traces(), "");
});

test("a login with a key that nobody knows there is refused by name", async () => {
  await m1.inside("useradd -m nobody-knows");
  const connection = { ...m1.connection, user: "nobody-knows" };
  await assert.rejects(create("user", { connection, items: [] }), { code: "GW204" });
});

test("a check from another machine decides: what it refuses is put back, what it accepts stays, with one login", async () => {
  const seen = (text: string) => ({
    name: "the other machine agrees",
    run: `echo asked; ${text}`,
    on: m2.connection,
  });
  const logins = await m1.logins();
  await assert.rejects(
    create("elsewhere", { connection: m1.connection, items: [file("a")], checks: [seen("exit 1")] }),
    (error: Error) => {
      assert.match(error.message, /^GW401 m1: the other machine agrees \(from m2\): asked/);
      return true;
    },
  );
  assert.equal(await m1.inside("test -e /etc/way || echo gone"), "gone");
  const host = await create("elsewhere", {
    connection: m1.connection,
    items: [file("a")],
    checks: [seen("true")],
  });
  assert.equal(await m1.inside("cat /etc/way/a; ls -A /var/lib/groundwork/transactions"), "a");
  assert.equal((await m1.logins()) - logins, 1);
  await host.destroy();
});

test("a ticket comes from any machine that can issue it, and its request goes there", async () => {
  const dead = { ...m2.connection, name: "dead", port: 2 };
  const host = await create("ticket", {
    connection: m1.connection,
    items: [
      {
        kind: "command",
        name: "joins",
        run: 'cp "$TICKET" /root/joined',
        unless: "test -s /root/joined",
        undo: "rm -f /root/joined",
        ticket: "token",
      },
    ],
    tickets: { token: { from: [dead, m2.connection], issue: "echo issued by $(hostname)" } },
  });
  assert.equal(await m1.inside("cat /root/joined"), "issued by m2");
  assert.ok(!JSON.stringify(host.outputs).includes("issued"));
  // Nobody waits for the end of the last cleaning.
  const files = "find /run/groundwork* -type f ! -path '*/locks/*' 2>/dev/null || :";
  await eventually("an empty /run/groundwork", async () => (await m1.inside(files)) === "");
  await host.destroy();
  assert.equal(await m1.inside("test -e /root/joined || echo gone"), "gone");

  const refused = { from: [dead, m2.connection], issue: "echo 'not today' >&2; exit 3" };
  await assert.rejects(
    create("ticket", {
      connection: m1.connection,
      items: [{ kind: "command", name: "joins", run: "x", unless: "false", undo: ":", ticket: "token" }],
      tickets: { token: refused },
    }),
    (error: Error) => {
      assert.match(error.message, /^GW308 ticket token: GW201 dead: .*; m2: exit 3: not today/);
      return true;
    },
  );
});

test("streams side by side on one machine share what they want alike, and the last one to go puts it back", async () => {
  const shared = file("shared");
  const hosts = await Promise.all(
    ["left", "right"].map((name) => create(name, { connection: m1.connection, items: [shared, file(name)] })),
  );
  assert.equal(await m1.inside("ls /etc/way | xargs"), "left right shared");
  await hosts[0]?.destroy();
  assert.equal(await m1.inside("ls /etc/way | xargs"), "right shared");
  assert.deepEqual((await hosts[1]?.read())?.drift, []);
  await hosts[1]?.destroy();
  assert.equal(await traces(), "");
});

test("what one program claims, another one may share but not change, and is told whose it is", async () => {
  const host = await create("first", { connection: m1.connection, items: [file("claimed")] });
  const stranger = (content: string) => ({
    stream: "way",
    connection: m1.connection,
    items: [{ kind: "file", path: "/etc/way/claimed", content }],
  });
  // Another process of another program: it knows nothing of what this one wants.
  const other = fresh();
  const elsewhere = {
    ...call("stranger"),
    urn: "urn:pulumi:dev::other::groundwork:index:HostState::stranger",
  };
  await deployment.close();
  const changed = stranger("changed\n") as unknown as Properties;
  await assert.rejects(new HostStateResource(other).create(elsewhere, changed), (error: Error) => {
    assert.match(
      error.message,
      /^GW303 m1 \(way\): file:\/etc\/way\/claimed is claimed with another value by urn:pulumi:dev::test::\S+::first/,
    );
    return true;
  });
  assert.equal(await m1.inside("cat /etc/way/claimed"), "claimed");
  const equal = stranger("claimed\n") as unknown as Properties;
  const shared = await new HostStateResource(other).create(elsewhere, equal);
  await new HostStateResource(other).delete(elsewhere, shared.id, { inputs: equal, outputs: shared.outputs });
  await other.close();
  assert.equal(await m1.inside("cat /etc/way/claimed"), "claimed");
  deployment = fresh();
  await host.destroy();
});

test("deletes and creates side by side on one machine do not take the registry from under each other", async () => {
  for (let round = 0; round < 3; round++) {
    const old = await create("old", { connection: m1.connection, items: [file("old")] });
    const [, young] = await Promise.all([
      old.destroy(),
      create("young", { connection: m1.connection, items: [file("young")] }),
    ]);
    assert.equal(await m1.inside("ls /etc/way | xargs"), "young");
    await young?.destroy();
  }
  assert.equal(await traces(), "");
});

test("what is restored is only what was ours: a file that somebody changed since is kept aside and named", async () => {
  const host = await create("kept", { connection: m1.connection, items: [file("mine")] });
  await m1.inside("echo precious >>/etc/way/mine");
  await host.destroy();
  const place = /kept aside: (\S+) file:\/etc\/way\/mine/.exec(said.join("\n"))?.[1] ?? "";
  assert.match(await m1.inside(`cat ${place}/old`), /precious/);
  await m1.inside("rm -rf /var/lib/groundwork");
});

test("a deployment that failed before it claimed anything leaves nothing behind", async () => {
  const guards = [{ name: "never", run: "exit 1" }];
  await assert.rejects(create("guarded", { connection: m1.connection, items: [file("a")], guards }), {
    code: "GW402",
  });
  await deployment.close();
  assert.equal(await traces(), "");
});

test("a gate opens when every check passes on its machine, and says what is waived", async () => {
  const gate = new GateResource(deployment);
  const inputs = {
    stream: "way",
    generations: {},
    checks: [
      { name: "it runs", run: "hostname", on: m1.connection },
      { name: "it runs", run: "hostname", on: m2.connection },
      { name: "the clock is kept", run: "echo in a container; exit 77", on: m1.connection },
    ],
    waivers: { "the clock is kept": "the lab has no clock of its own" },
  };
  const asInputs = inputs as unknown as Properties;
  assert.deepEqual(gate.check(urn("way"), asInputs), []);
  const { outputs } = await gate.create(call("way"), asInputs);
  assert.equal(outputs.summary, "2 of 3 checks pass, waived: the clock is kept on m1");
  assert.deepEqual(outputs.failing, []);
  const report = join(reports, "dev", "way.json");
  assert.equal(((await stat(report)).mode & 0o777).toString(8), "600");
  assert.match(await readFile(report, "utf8"), /waived: the lab has no clock of its own; in a container/);
  assert.ok(!JSON.stringify(outputs).includes("in a container"), "evidence is not in the state");

  const unwaived = { ...inputs, waivers: {} } as unknown as Properties;
  await assert.rejects(gate.create(call("way"), unwaived), { code: "GW403" });
});

test("a gate that would not open any more is noticed by a read, without its tests that create something", async () => {
  const gate = new GateResource(deployment);
  await m1.inside("touch /run/good");
  const inputs = {
    stream: "way",
    generations: {},
    checks: [
      { name: "the good is there", run: "test -e /run/good", on: m1.connection },
      { name: "makes something", run: "echo made >>/run/made", on: m1.connection, createsObjects: true },
    ],
  } as unknown as Properties;
  const { id, outputs } = await gate.create(call("way"), inputs);
  assert.deepEqual((await gate.read(call("way"), id, { inputs, outputs })).failing, []);
  await m1.inside("rm /run/good");
  const seen = await gate.read(call("way"), id, { inputs, outputs });
  assert.deepEqual(seen.failing, ["the good is there (m1)"]);
  assert.equal(await m1.inside("wc -l </run/made"), "1");
  const { changes } = gate.diff(call("way"), { inputs, outputs: seen }, inputs);
  assert.deepEqual(changes, [{ path: "failing", change: "delete", drifted: true }]);
  await assert.rejects(gate.update(call("way"), id, { outputs: seen }, inputs), { code: "GW401" });
});
