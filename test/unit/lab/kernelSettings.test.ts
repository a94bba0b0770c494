import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import {
  holdSettings,
  releaseSettings,
  type SettingsPlace,
  unmetSettings,
} from "../../../lab/kernelSettings.ts";

/** A kernel with few settings: what is missing here stands for what an older kernel lacks. */
const asFound = {
  "vm/overcommit_memory": "0",
  "kernel/panic": "1",
  "fs/inotify/max_user_instances": "9000",
  "net/ipv4/ip_forward": "0",
  "net/ipv4/conf/all/accept_redirects": "0",
  "net/ipv4/conf/eth0/forwarding": "0",
  "net/ipv6/conf/all/forwarding": "0",
  "net/ipv6/conf/lo/forwarding": "0",
  "net/ipv6/conf/lo/accept_ra": "1",
  "net/ipv6/conf/eth0/forwarding": "0",
  "net/ipv6/conf/eth0/accept_ra": "1",
  "net/ipv6/conf/eth1/accept_ra": "0",
};
let at: SettingsPlace;

async function set(values: Record<string, string>): Promise<void> {
  for (const [key, value] of Object.entries(values)) {
    await mkdir(dirname(join(at.folder, key)), { recursive: true });
    await writeFile(join(at.folder, key), value);
  }
}

async function all(): Promise<Record<string, string>> {
  const read = async (key: string) => [key, (await readFile(join(at.folder, key), "utf8")).trim()];
  return Object.fromEntries(await Promise.all(Object.keys(asFound).map(read)));
}

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "settings-"));
  const controllers = join(folder, "cgroup.subtree_control");
  at = { folder, controllers, record: join(folder, "record.json"), bootId: "first boot" };
  await set(asFound);
});

afterEach(() => rm(at.folder, { recursive: true }));

test("a network gets the settings it needs, and its end puts every old value back", async () => {
  await holdSettings("dev", true, at);
  assert.deepEqual(await all(), {
    ...asFound,
    "vm/overcommit_memory": "1",
    "kernel/panic": "10",
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "1",
    "net/ipv6/conf/eth0/accept_ra": "2",
  });
  assert.deepEqual(await unmetSettings(true, at), []);
  await releaseSettings("dev", at);
  assert.deepEqual(await all(), asFound);
  assert.equal(existsSync(at.record), false);
});

test("what the kernel flips along with forwarding is put back too", async () => {
  await holdSettings("dev", false, at);
  await set({ "net/ipv4/conf/all/accept_redirects": "1", "net/ipv4/conf/eth0/forwarding": "1" });
  await releaseSettings("dev", at);
  assert.deepEqual(await all(), asFound);
});

test("the settings stay until the last network goes", async () => {
  await holdSettings("dev", false, at);
  await holdSettings("test", true, at);
  await releaseSettings("dev", at);
  assert.deepEqual(await unmetSettings(true, at), []);
  await releaseSettings("test", at);
  assert.deepEqual(await all(), asFound);
});

test("asking twice keeps the first old values", async () => {
  await holdSettings("dev", true, at);
  await set({ "kernel/panic": "3" });
  assert.deepEqual(await unmetSettings(true, at), ["kernel.panic"]);
  await holdSettings("dev", true, at);
  await releaseSettings("dev", at);
  assert.deepEqual(await all(), asFound);
});

test("a value that someone else set meanwhile is left to them", async () => {
  await holdSettings("dev", true, at);
  await set({ "kernel/panic": "30" });
  await releaseSettings("dev", at);
  assert.deepEqual(await all(), { ...asFound, "kernel/panic": "30" });
});

test("old notes are not used after a reboot, when every setting has its default again", async () => {
  await holdSettings("dev", true, at);
  const rebooted = { ...at, bootId: "second boot" };
  await set({ ...asFound, "kernel/panic": "7" });
  await releaseSettings("dev", rebooted);
  assert.deepEqual(await all(), { ...asFound, "kernel/panic": "7" });
  await holdSettings("dev", true, rebooted);
  await releaseSettings("dev", rebooted);
  assert.deepEqual(await all(), { ...asFound, "kernel/panic": "7" });
});

test("a control group controller that was offered for the lab is withdrawn, others are not", async () => {
  await writeFile(at.controllers, "memory pids\n");
  await holdSettings("dev", true, at);
  await writeFile(at.controllers, "cpu memory pids\n");
  await releaseSettings("dev", at);
  // The kernel takes "-cpu" as an order; this file keeps it.
  assert.equal(await readFile(at.controllers, "utf8"), "-cpu");
});
