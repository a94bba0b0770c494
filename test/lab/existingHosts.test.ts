import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { stringify } from "yaml";
import { openTestLab, type TestLab } from "../support/testLab.ts";

/** Machines that were there before: what a stream did to them is taken back, and nothing else is touched. */
const stack = "hosts";
const root = new URL("../../", import.meta.url).pathname;
const configuration = join(root, `Pulumi.${stack}.yaml`);
const state = mkdtempSync(join(tmpdir(), "groundwork-hosts-"));
const environment = { ...process.env, XDG_STATE_HOME: state, PULUMI_CONFIG_PASSPHRASE: "only for this test" };
let lab: TestLab;
const found = new Map<string, string>();

interface Ran {
  code: number;
  said: string;
}

const groundwork = (...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const options = { cwd: root, env: environment, maxBuffer: 1 << 26 };
    execFile(join(root, "groundwork"), [...args, "--stack", stack], options, (error, stdout, stderr) =>
      resolve({
        code: typeof error?.code === "number" ? error.code : error ? 1 : 0,
        said: `${stdout}\n${stderr}`,
      }),
    );
  });

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
  const waivers = { "the clock is synchronised": "a container has the clock of its host" };
  const config = {
    "groundwork:machines": Object.fromEntries(entries),
    "groundwork:streams": { alpha: { waivers, kernelSysctls: false }, bravo: off, charlie: off, delta: off },
  };
  writeFileSync(configuration, stringify({ config }));
});

after(async () => {
  rmSync(configuration, { force: true });
  rmSync(state, { recursive: true, force: true });
  await lab.close();
});

test("up secures machines that were there before", async () => {
  const up = await groundwork("up", "--yes");
  assert.equal(up.code, 0, up.said);
  assert.notEqual(await asItIs("host-1"), found.get("host-1"));
});

test("destroy is refused until it names the machines that are not of the lab", async () => {
  const refused = await groundwork("destroy", "--yes");
  assert.equal(refused.code, 2, refused.said);
  assert.match(refused.said, /host-1.*host-2/s);
});

test("destroy brings sshd, kernel settings and units back byte for byte, and leaves tables of others alone", async () => {
  const destroyed = await groundwork("destroy", "--yes", "--confirm", machines.join(","));
  assert.equal(destroyed.code, 0, destroyed.said);
  for (const name of machines) {
    assert.equal(await asItIs(name), found.get(name));
    assert.doesNotMatch(await lab.machine(name).inside("nft list tables"), /groundwork/);
    assert.match(await lab.machine(name).inside("nft list tables"), /table inet foreign/);
  }
});
