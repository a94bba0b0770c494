import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { GroundworkError } from "../errors/index.ts";
import { attempt, run } from "./command.ts";
import type { MachineNames } from "./naming.ts";
import { until } from "./wait.ts";

/** Folders on the disk that the machine sees at fixed places, because overlay on overlay does not work there. */
export const boundFolders = [{ onDisk: "containerd", inMachine: "/var/lib/containerd" }] as const;

/** Bytes that a machine's first boot and a few packages write; less free space than this is refused. */
const leastFreeBytes = 2 * 1024 ** 3;

/**
 * Makes the machine's disk unless it exists: a sparse image file of a fixed size with an ext4 file system.
 * A half-made one never gets the final name. Errors: GW505.
 */
export async function ensureDiskImage(names: MachineNames, gib: number): Promise<void> {
  if (existsSync(names.image)) return;
  await checkFreeSpace(dirname(names.image), leastFreeBytes);
  const unfinished = `${names.image}.new`;
  const file = await open(unfinished, "w", 0o600);
  await file.truncate(Math.round(gib * 1024 ** 3));
  await file.close();
  await run("mkfs.ext4", ["-q", "-F", "-E", "nodiscard,lazy_itable_init=1,lazy_journal_init=1", unfinished]);
  await rename(unfinished, names.image);
}

/** Refuses to go on where a folder's file system has less free space than this. Errors: GW505. */
export async function checkFreeSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const gib = (value: number) => (value / 1024 ** 3).toFixed(1);
  if (bavail * bsize >= bytes) return;
  throw new GroundworkError("GW505", {
    where: folder,
    what: `${gib(bavail * bsize)} GiB are free, ${gib(bytes)} GiB are needed`,
  });
}

/** Mounts the disk and, over the shared root image, the machine's tree. Mounted parts stay as they are. */
export async function mountDisk(names: MachineNames, rootImage: string): Promise<void> {
  for (const folder of [names.disk, names.root]) await mkdir(folder, { recursive: true });
  if (!(await isMountPoint(names.disk))) await run("mount", ["-o", "loop", names.image, names.disk]);
  const upper = `${names.disk}/upper`;
  const work = `${names.disk}/work`;
  for (const folder of [upper, work, ...boundFolders.map((bound) => `${names.disk}/${bound.onDisk}`)]) {
    await mkdir(folder, { recursive: true });
  }
  if (await isMountPoint(names.root)) return;
  await run("mount", [
    "-t",
    "overlay",
    "-o",
    `lowerdir=${rootImage},upperdir=${upper},workdir=${work}`,
    "overlay",
    names.root,
  ]);
}

/** Takes the machine's mounts and with them its loop device away; waits for the kernel to let go. */
export async function unmountDisk(names: MachineNames): Promise<void> {
  for (const folder of [names.root, names.disk]) {
    const released = await until(async () => {
      if (!(await isMountPoint(folder))) return true;
      return (await attempt("umount", [folder])).exitCode === 0 && !(await isMountPoint(folder));
    }, 3);
    // Someone on this host looks into the folder: it disappears from the tree now, the rest when they leave.
    if (!released) await run("umount", ["-l", folder]);
  }
  await until(async () => (await loopDevicesBelow(names.folder)).length === 0, 2);
}

/** Removes the machine's folder with its disk. Call after {@link unmountDisk}. */
export async function removeFolder(folder: string): Promise<void> {
  const mounted = await mountsBelow(folder);
  // rm would go through the mount and empty someone's disk.
  if (mounted.length > 0) throw new Error(`${mounted.join(", ")} is still mounted`);
  await rm(folder, { recursive: true, force: true });
}

/** Mount points at or below a folder, deepest first. */
export async function mountsBelow(folder: string): Promise<string[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  return mountPointsIn(table)
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
    .reverse();
}

async function isMountPoint(folder: string): Promise<boolean> {
  return mountPointsIn(await readFile("/proc/self/mountinfo", "utf8")).includes(folder);
}

/** The mount points in a text of /proc/PID/mountinfo, in which blanks and backslashes are octal. */
export function mountPointsIn(table: string): string[] {
  return table
    .split("\n")
    .map((line) => line.split(" ")[4])
    .filter((point) => point !== undefined)
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
}

/** Loop devices whose file lies below a folder. */
export async function loopDevicesBelow(folder: string): Promise<string[]> {
  const listed = await run("losetup", ["--list", "--json", "--output", "NAME,BACK-FILE"]);
  if (listed.trim() === "") return [];
  const { loopdevices } = JSON.parse(listed) as {
    loopdevices: { name: string; "back-file": string | null }[];
  };
  return loopdevices
    .filter((device) => device["back-file"]?.startsWith(`${folder}/`))
    .map((device) => device.name);
}
