import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestLab, type TestLab } from "../support/testLab.ts";
import { labWaivers, openTestStack, type Ran } from "../support/testStack.ts";

/** Machines that were there before: what a stream did to them is taken back, and nothing else is touched. */
const stack = openTestStack("hosts");
let lab: TestLab;
const found = new Map<string, string>();

const said = ({ stdout, stderr }: Ran): string => `${stdout}\n${stderr}`;

const machines = ["host-1", "host-2"];

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
      .inside(
        "nft add table inet foreign; nft add chain inet foreign mine; echo 'MaxSessions 9' >/etc/ssh/sshd_config.d/50-mine.conf",
      );
    found.set(name, await asItIs(name));
  }
  const entries = machines.map((name) => {
    const { address, privateKeyFile, hostKey } = lab.machine(name).connection;
    return [name, { existing: { address, privateKeyFile, hostKey, roles: ["agent"] } }];
  });
  const off = { enabled: false };
  stack.configure({
    machines: Object.fromEntries(entries),
    streams: { alpha: { waivers: labWaivers, kernelSysctls: false }, bravo: off, charlie: off, delta: off },
  });
});

after(async () => {
  stack.close();
  await lab.close();
});

test("up secures machines that were there before", async () => {
  const up = await stack.run("up", "--yes");
  assert.equal(up.code, 0, said(up));
  assert.notEqual(await asItIs("host-1"), found.get("host-1"));
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
