import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readJson, writeJson } from "./json.ts";
import { stateRoot } from "./naming.ts";
import { bootId } from "./processRecord.ts";

/**
 * Kernel settings that machines share with this host, so no machine can set them for itself.
 * `atLeast` leaves a higher value alone. `kernel.unprivileged_bpf_disabled` is missing on purpose:
 * the kernel does not let anyone take its value 1 back.
 */
export const sharedSettings: readonly { key: string; value: string; atLeast?: boolean }[] = [
  // What kubelet insists on.
  { key: "vm/overcommit_memory", value: "1" },
  { key: "vm/panic_on_oom", value: "0" },
  { key: "kernel/panic", value: "10" },
  { key: "kernel/panic_on_oops", value: "1" },
  { key: "kernel/keys/root_maxkeys", value: "1000000", atLeast: true },
  { key: "kernel/keys/root_maxbytes", value: "25000000", atLeast: true },
  // What a hardened server has.
  { key: "kernel/kptr_restrict", value: "2", atLeast: true },
  { key: "kernel/dmesg_restrict", value: "1", atLeast: true },
  // One systemd, kubelet and containerd per machine watch files.
  { key: "fs/inotify/max_user_instances", value: "8192", atLeast: true },
  { key: "fs/inotify/max_user_watches", value: "524288", atLeast: true },
  // NAT.
  { key: "net/ipv4/ip_forward", value: "1" },
];

const forwarding6 = { key: "net/ipv6/conf/all/forwarding", value: "1" };

/** One setting that was changed: what it was, and what we made it. */
export interface ChangedSetting {
  key: string;
  before: string;
  after: string;
}

/** What is kept on disk while at least one network needs the settings. */
export interface SettingsRecord {
  bootId: string;
  /** Networks that need them. */
  holders: string[];
  changed: ChangedSetting[];
  /** Controllers that the root control group of a cgroup v2 host offered to its children; empty on other hosts. */
  controllers: string[];
}

/** Where settings lie and where it is noted what they were; tests have a place of their own. */
export interface SettingsPlace {
  folder: string;
  /** Where a cgroup v2 host says, and is told, which controllers its root group offers. boot.sh adds to them. */
  controllers: string;
  record: string;
  bootId: string;
}

const thisHost = (): SettingsPlace => ({
  folder: "/proc/sys",
  controllers: "/sys/fs/cgroup/cgroup.subtree_control",
  record: join(stateRoot, "kernelSettings.json"),
  bootId: bootId(),
});

const read = (at: SettingsPlace, key: string) =>
  readFile(join(at.folder, key), "utf8")
    .then((text) => text.trim())
    .catch(() => undefined);
const write = (at: SettingsPlace, key: string, value: string) => writeFile(join(at.folder, key), value);

/** Whether a present value does what is wanted. */
export function satisfies(present: string, wanted: { value: string; atLeast?: boolean }): boolean {
  return wanted.atLeast ? Number(present) >= Number(wanted.value) : present === wanted.value;
}

function wantedSettings(ipv6: boolean) {
  return ipv6 ? [...sharedSettings, forwarding6] : sharedSettings;
}

/** Settings that a network needs and that are not as needed now, by their sysctl names. */
export async function unmetSettings(ipv6: boolean, at = thisHost()): Promise<string[]> {
  const plan = await planSettings(ipv6, at);
  return plan.filter((step) => step.before !== step.after).map((step) => step.key.replaceAll("/", "."));
}

/**
 * Sets what a network needs and notes the old values before it changes them.
 * Settings this kernel lacks are left out. Call under the lab's host lock.
 */
export async function holdSettings(network: string, ipv6: boolean, at = thisHost()): Promise<void> {
  const known = await readJson<SettingsRecord>(at.record);
  // After a reboot of this host everything has its default again: old notes would put back something else.
  const valid = known?.bootId === at.bootId ? known : undefined;
  const noted = valid?.changed ?? [];
  const plan = await planSettings(ipv6, at);
  await writeJson(at.record, {
    bootId: at.bootId,
    holders: [...new Set([...(known?.holders ?? []), network])].sort(),
    changed: [...noted, ...plan.filter((step) => !noted.some((old) => old.key === step.key))],
    controllers: valid?.controllers ?? (await offeredControllers(at)),
  } satisfies SettingsRecord);
  for (const step of plan) if (step.before !== step.after) await write(at, step.key, step.after);
}

/** Takes one network's need away; with the last one every setting goes back, unless someone else changed it since. */
export async function releaseSettings(network: string, at = thisHost()): Promise<void> {
  const record = await readJson<SettingsRecord>(at.record);
  if (!record) return;
  const holders = record.holders.filter((holder) => holder !== network);
  if (holders.length > 0) {
    await writeJson(at.record, { ...record, holders });
    return;
  }
  if (record.bootId === at.bootId) {
    await putBack(record.changed, at);
    await withdrawControllers(record.controllers, at);
  }
  await rm(at.record, { force: true });
}

async function putBack(changed: ChangedSetting[], at: SettingsPlace): Promise<void> {
  for (const step of changed.filter(({ before, after }) => before !== after)) {
    if ((await read(at, step.key)) === step.after) await write(at, step.key, step.before);
  }
  // The kernel changed these along with a forwarding switch. Those of interfaces that are gone cannot be written.
  for (const step of changed.filter(({ before, after }) => before === after)) {
    if ((await read(at, step.key)) !== step.before) await write(at, step.key, step.before).catch(() => {});
  }
}

async function offeredControllers(at: SettingsPlace): Promise<string[]> {
  const text = await readFile(at.controllers, "utf8").catch(() => "");
  return text.trim().split(" ").filter(Boolean);
}

/** Ends the offer of what was not offered before; the kernel refuses where someone uses it by now. */
async function withdrawControllers(before: string[], at: SettingsPlace): Promise<void> {
  const added = (await offeredControllers(at)).filter((controller) => !before.includes(controller));
  for (const controller of added) await writeFile(at.controllers, `-${controller}`).catch(() => {});
}

/** The changes to make now, in order, with the settings that the kernel would change along (before = after). */
async function planSettings(ipv6: boolean, at: SettingsPlace): Promise<ChangedSetting[]> {
  const plan: ChangedSetting[] = [];
  for (const wanted of wantedSettings(ipv6)) {
    const before = await read(at, wanted.key);
    if (before === undefined || satisfies(before, wanted)) continue;
    plan.push(...(await companionsOf(wanted.key, at)), { key: wanted.key, before, after: wanted.value });
  }
  return plan;
}

/**
 * A forwarding switch resets other settings: IPv4's flips accept_redirects, both set every interface's forwarding,
 * and with IPv6's the kernel ignores router advertisements unless accept_ra is 2.
 */
async function companionsOf(key: string, at: SettingsPlace): Promise<ChangedSetting[]> {
  if (key === "net/ipv4/ip_forward") {
    const redirects = await asTheyAre(["net/ipv4/conf/all/accept_redirects"], at);
    return [...redirects, ...(await asTheyAre(await perInterface("ipv4", "forwarding", at), at))];
  }
  if (key !== forwarding6.key) return [];
  const advertisements = (await asTheyAre(await perInterface("ipv6", "accept_ra", at), at))
    .filter((setting) => setting.before === "1" && !/\/(lo|default)\//.test(setting.key))
    .map((setting) => ({ ...setting, after: "2" }));
  return [...(await asTheyAre(await perInterface("ipv6", "forwarding", at), at)), ...advertisements];
}

async function perInterface(family: "ipv4" | "ipv6", name: string, at: SettingsPlace): Promise<string[]> {
  const interfaces = await readdir(join(at.folder, `net/${family}/conf`));
  return interfaces.filter((found) => found !== "all").map((found) => `net/${family}/conf/${found}/${name}`);
}

async function asTheyAre(keys: string[], at: SettingsPlace): Promise<ChangedSetting[]> {
  const values = await Promise.all(keys.map((key) => read(at, key)));
  return keys.flatMap((key, index) => {
    const value = values[index];
    return value === undefined ? [] : [{ key, before: value, after: value }];
  });
}

/** Networks that hold the shared settings now. */
export async function settingsHolders(): Promise<string[]> {
  return (await readJson<SettingsRecord>(thisHost().record))?.holders ?? [];
}
