import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { readOutlook } from "../../cli/readings/outlook.ts";
import { outlookText } from "../../cli/readings/outlookText.ts";
import { powerCut, startMachine } from "../../lab/index.ts";
import { declaredHost, openReader } from "../../provider/index.ts";
import { openTestLab, type TestLab } from "../support/testLab.ts";
import { labWaivers, openTestStack, type Ran } from "../support/testStack.ts";

/** Machines that were there before: what a stream did to them is taken back, and nothing else is touched. */
const stack = openTestStack("hosts");
let lab: TestLab;
const found = new Map<string, string>();
let all: Record<string, unknown> = {};

const said = ({ stdout, stderr }: Ran): string => `${stdout}\n${stderr}`;

const machines = ["host-1", "host-2"];
/** Lives as long as the machine runs. */
const foreignTable = "nft add table inet foreign; nft add chain inet foreign mine";

/** sshd's own words, its files, the kernel's network settings and every nftables table. */
const asItIs = async (name: string): Promise<string> =>
  [
    await lab.machine(name).listing("/etc/ssh", "/etc/sysctl.d", "/etc/systemd/system", "/etc/apt"),
    await lab
      .machine(name)
      .inside(
        "sshd -T; sysctl -a 2>/dev/null | grep -E '^net\\.(ipv4|ipv6)\\.conf\\.(all|default)\\.'; nft list ruleset",
      ),
  ].join("\n");

before(async () => {
  lab = await openTestLab({ name: "hosts", prefix: "10.86.0", machines });
  for (const name of machines) {
    await lab
      .machine(name)
      .inside(`${foreignTable}; echo 'MaxSessions 9' >/etc/ssh/sshd_config.d/50-mine.conf`);
    found.set(name, await asItIs(name));
  }
  const entries = machines.map((name) => {
    const { address, privateKeyFile, hostKey } = lab.machine(name).connection;
    return [name, { existing: { address, privateKeyFile, hostKey, roles: ["agent"] } }];
  });
  all = Object.fromEntries(entries);
  declare(all);
});

/** Writes the stack's file with these machines. */
function declare(declared: Record<string, unknown>): void {
  const off = { enabled: false };
  stack.configure({
    machines: declared,
    streams: { alpha: { waivers: labWaivers, kernelSysctls: false }, bravo: off, charlie: off, delta: off },
  });
}

after(async () => {
  stack.close();
  await lab.close();
});

/** Whatever a login could leave on a machine that nobody changed. */
const traces = (name: string): Promise<string> =>
  lab.machine(name).inside("ls -d /var/lib/groundwork /run/groundwork* 2>/dev/null || :");

test("a preview against machines says exactly what differs where no up was before, and leaves no trace", async () => {
  const machine = lab.machine("host-2");
  await machine.inside("printf wanted >/root/as-wanted; printf other >/root/differs");
  const files = ["as-wanted", "differs"].map((name) => ({
    kind: "file" as const,
    path: `/root/${name}`,
    content: "wanted",
  }));
  const { connection } = machine;
  const host = declaredHost("try-host-2", { connection, stream: "try", items: files } as never);
  const etc = await machine.listing("/etc", "/root", "/opt", "/usr/local");
  const reader = await openReader();
  try {
    const compared = {
      declared: { hosts: [host], doubts: [] },
      deployment: { version: 3, deployment: {} },
      machines,
      program: { project: "groundwork", stack: "try" },
    };
    const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
    const file = (text: string): string => `file mode=0644 owner=root:root sha256=${digest(text)}`;
    assert.equal(
      outlookText(await readOutlook(compared, reader), undefined, true),
      `host-2 try: 1 to change, 1 as wanted
  = file:/root/as-wanted
  ~ file:/root/differs: ${file("other")} => ${file("wanted")}
of 2 items: 1 to change, 1 as wanted`,
    );
  } finally {
    await reader.close();
  }
  assert.equal(await machine.listing("/etc", "/root", "/opt", "/usr/local"), etc);
  assert.equal(await traces("host-2"), "");
  await machine.inside("rm /root/as-wanted /root/differs");
});

test("the command compares every item of a stack, also where one machine is as wanted in a place and the other is not", async () => {
  await lab.machine("host-1").inside("mkdir -m 0755 /etc/groundwork");
  const etc = await Promise.all(machines.map((name) => lab.machine(name).listing("/etc", "/var/lib/dpkg")));
  const preview = await stack.run("preview", "--against-machines", "--all");
  assert.equal(preview.code, 0, said(preview));
  const lines = preview.stdout.split("\n");
  const ofDirectory = lines.filter((line) => /directory:\/etc\/groundwork(:|$)/.test(line));
  assert.deepEqual(ofDirectory, [
    "  = directory:/etc/groundwork",
    "  ~ directory:/etc/groundwork: absent => directory mode=0755 owner=root:root",
  ]);
  const sshd = /^ {2}~ file:\/etc\/ssh\/sshd_config\.d\/00-groundwork\.conf: absent => file mode=/;
  assert.equal(lines.filter((line) => sshd.test(line)).length, machines.length, preview.stdout);
  assert.deepEqual(
    await Promise.all(machines.map((name) => lab.machine(name).listing("/etc", "/var/lib/dpkg"))),
    etc,
  );
  for (const name of machines) assert.equal(await traces(name), "");
  await lab.machine("host-1").inside("rmdir /etc/groundwork");
});

test("up secures machines that were there before", async () => {
  const up = await stack.run("up", "--yes");
  assert.equal(up.code, 0, said(up));
  assert.notEqual(await asItIs("host-1"), found.get("host-1"));
});

test("a preview against machines finds nothing to change after it", async () => {
  const preview = await stack.run("preview", "--against-machines");
  assert.equal(preview.code, 0, said(preview));
  const changes = preview.stdout.split("\n").filter((line) => /^ {2}[~-] /.test(line));
  assert.deepEqual(changes, [], preview.stdout);
});

test("up without one of them in the stack's file is refused until it names it, and leaves it as it is", async () => {
  const before = await asItIs("host-2");
  declare({ "host-1": all["host-1"] });
  const refused = await stack.run("up", "--yes");
  assert.equal(refused.code, 2, said(refused));
  assert.match(said(refused), /GW703 host-2: .*alpha on host-2\. Add --confirm host-2/);
  assert.equal(await asItIs("host-2"), before);
  declare(all);
});

test("destroy is refused until it names the machines that are not of the lab", async () => {
  const refused = await stack.run("destroy", "--yes");
  assert.equal(refused.code, 2, said(refused));
  assert.match(said(refused), /host-1.*host-2/s);
});

test("destroy brings sshd, kernel settings and units back byte for byte, and leaves tables of others alone", async () => {
  const destroyed = await stack.run("destroy", "--yes", "--confirm", machines.join(","));
  assert.equal(destroyed.code, 0, said(destroyed));
  for (const name of machines) {
    assert.equal(await asItIs(name), found.get(name));
    assert.doesNotMatch(await lab.machine(name).inside("nft list tables"), /groundwork/);
    assert.match(await lab.machine(name).inside("nft list tables"), /table inet foreign/);
  }
});

test("a machine that never comes back is given up by its name, and the other one stays as declared", async () => {
  const up = await stack.run("up", "--yes");
  assert.equal(up.code, 0, said(up));
  await powerCut({ network: lab.network, name: "host-2" });
  declare({ "host-1": all["host-1"] });
  const refused = await stack.run("up", "--yes", "--confirm", "host-2");
  assert.equal(refused.code, 1, said(refused));
  assert.match(said(refused), /GW201 host-2: .*If it never comes back, add --gone host-2/);
  const stays = await stack.run("up", "--yes", "--gone", "host-1,host-2");
  assert.equal(stays.code, 2, said(stays));
  assert.match(said(stays), /GW707 --gone host-1: .*these are: host-2/);
  const gone = await stack.run("up", "--yes", "--gone", "host-2");
  assert.equal(gone.code, 0, said(gone));
  assert.match(said(gone), /warning: host-2 does not answer and counts as gone: nothing was put back there/);
  const again = await stack.run("up", "--yes");
  assert.match(said(again), /nothing changed: every machine was read and is as declared/);
});

test("one that comes back after all is declared again, and put back as it was by its name", async () => {
  await startMachine(lab.machine("host-2").spec);
  await lab.machine("host-2").inside(foreignTable);
  declare(all);
  const up = await stack.run("up", "--yes");
  assert.equal(up.code, 0, said(up));
  declare({ "host-1": all["host-1"] });
  const putBack = await stack.run("up", "--yes", "--confirm", "host-2");
  assert.equal(putBack.code, 0, said(putBack));
  assert.equal(await asItIs("host-2"), found.get("host-2"));
});
