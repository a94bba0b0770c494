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
}

const recordFile = join(stateRoot, "kernelSettings.json");
const read = (key: string) =>
  readFile(`/proc/sys/${key}`, "utf8")
    .then((text) => text.trim())
    .catch(() => undefined);
const write = (key: string, value: string) => writeFile(`/proc/sys/${key}`, value);

/** Whether a present value does what is wanted. */
export function satisfies(present: string, wanted: { value: string; atLeast?: boolean }): boolean {
  return wanted.atLeast ? Number(present) >= Number(wanted.value) : present === wanted.value;
}

/** Settings that this network needs and that are not as needed now, by their sysctl names. */
export async function unmetSettings(ipv6: boolean): Promise<string[]> {
  const unmet: string[] = [];
  for (const wanted of wantedSettings(ipv6)) {
    const present = await read(wanted.key);
    if (present !== undefined && !satisfies(present, wanted)) unmet.push(wanted.key.replaceAll("/", "."));
  }
  return unmet;
}

function wantedSettings(ipv6: boolean) {
  return ipv6 ? [...sharedSettings, forwarding6] : sharedSettings;
}

/**
 * Sets what a network needs and notes the old values before it changes them.
 * Settings this kernel lacks are left out. Call under the lab's host lock.
 */
export async function holdSettings(network: string, ipv6: boolean): Promise<void> {
  const known = await readJson<SettingsRecord>(recordFile);
  // After a reboot of this host everything has its default again: old notes would put back something else.
  const record =
    known?.bootId === bootId() ? known : { bootId: bootId(), holders: known?.holders ?? [], changed: [] };
  record.holders = [...new Set([...record.holders, network])].sort();
  const plan = await planSettings(ipv6);
  for (const step of plan) {
    const noted = record.changed.find((changed) => changed.key === step.key);
    if (noted) noted.after = step.after;
    else record.changed.push(step);
  }
  await writeJson(recordFile, record);
  for (const step of plan) if (step.before !== step.after) await write(step.key, step.after);
}

/** Takes one network's need away; with the last one every setting goes back, unless someone else changed it since. */
export async function releaseSettings(network: string): Promise<void> {
  const record = await readJson<SettingsRecord>(recordFile);
  if (!record) return;
  const holders = record.holders.filter((holder) => holder !== network);
  if (holders.length > 0) {
    await writeJson(recordFile, { ...record, holders });
    return;
  }
  if (record.bootId === bootId()) await putBack(record.changed);
  await rm(recordFile, { force: true });
}

async function putBack(changed: ChangedSetting[]): Promise<void> {
  const companions = changed.filter((step) => step.before === step.after);
  for (const step of changed) {
    if (step.before !== step.after && (await read(step.key)) === step.after)
      await write(step.key, step.before);
  }
  // The kernel changes these along with a forwarding switch; now they are what they were.
  for (const step of companions)
    if ((await read(step.key)) !== step.before) await write(step.key, step.before).catch(() => {});
}

/** The changes to make now, in order, with the settings that the kernel would change along (before = after). */
async function planSettings(ipv6: boolean): Promise<ChangedSetting[]> {
  const plan: ChangedSetting[] = [];
  for (const wanted of wantedSettings(ipv6)) {
    const before = await read(wanted.key);
    if (before === undefined || satisfies(before, wanted)) continue;
    plan.push(...(await companionsOf(wanted.key)), { key: wanted.key, before, after: wanted.value });
  }
  return plan;
}

/**
 * A forwarding switch resets other settings: IPv4's flips accept_redirects, IPv6's sets every interface's
 * forwarding and makes the kernel ignore router advertisements unless accept_ra is 2.
 */
async function companionsOf(key: string): Promise<ChangedSetting[]> {
  const same = async (keys: string[]) => {
    const values = await Promise.all(keys.map(async (name) => ({ key: name, before: await read(name) })));
    return values.flatMap(({ key, before }) =>
      before === undefined ? [] : [{ key, before, after: before }],
    );
  };
  if (key === "net/ipv4/ip_forward") {
    const perInterface = (await readdir("/proc/sys/net/ipv4/conf")).map(
      (name) => `net/ipv4/conf/${name}/forwarding`,
    );
    return same([
      "net/ipv4/conf/all/accept_redirects",
      ...perInterface.filter((name) => !name.includes("/all/")),
    ]);
  }
  if (key !== forwarding6.key) return [];
  const interfaces = (await readdir("/proc/sys/net/ipv6/conf")).filter((name) => name !== "all");
  const advertisements = (await same(interfaces.map((name) => `net/ipv6/conf/${name}/accept_ra`)))
    .filter((setting) => setting.before === "1" && !/\/(lo|default)\//.test(setting.key))
    .map((setting) => ({ ...setting, after: "2" }));
  return [...(await same(interfaces.map((name) => `net/ipv6/conf/${name}/forwarding`))), ...advertisements];
}

/** Networks that hold the shared settings now. */
export async function settingsHolders(): Promise<string[]> {
  return (await readJson<SettingsRecord>(recordFile))?.holders ?? [];
}
