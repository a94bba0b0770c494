import { existsSync } from "node:fs";
import { chmod, mkdir, open, readFile, rename, rm, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GroundworkError } from "../errors/index.ts";
import { run } from "./command.ts";
import type { MachineFile } from "./machineFiles.ts";
import type { MachineNames } from "./naming.ts";
import { until } from "./wait.ts";

/** Folders on the disk that the machine sees at fixed places, because overlay on overlay does not work there. */
export const boundFolders = [{ onDisk: "containerd", inMachine: "/var/lib/containerd" }] as const;

/** Bytes that a machine's first boot and a few packages write; less free space than this is refused. */
const leastFreeBytes = 2 * 1024 ** 3;

/**
 * Makes the machine's disk: a sparse image file of a fixed size with an ext4 file system that already holds
 * the machine's own files. A half-made one never gets the final name. Errors: GW505.
 */
export async function makeDisk(names: MachineNames, gib: number, files: MachineFile[]): Promise<void> {
  await refuseFullDisk(names.folder);
  const staging = join(names.folder, "staging");
  await rm(staging, { recursive: true, force: true });
  const content = ["upper", "work", ...boundFolders.map((bound) => bound.onDisk)];
  for (const folder of content) await makeFolder(join(staging, folder));
  for (const file of files) await stage(join(staging, "upper"), file);
  const unfinished = `${names.image}.new`;
  const image = await open(unfinished, "w", 0o600);
  await image.truncate(Math.round(gib * 1024 ** 3));
  await run("mkfs.ext4", [
    "-q",
    "-F",
    "-E",
    "nodiscard,lazy_itable_init=1,lazy_journal_init=1",
    "-d",
    staging,
    unfinished,
  ]);
  await image.sync();
  await image.close();
  await rename(unfinished, names.image);
  await rm(staging, { recursive: true });
}

/** Whoever reads a folder of Debian's must be able to here too, whatever our umask; `root` is root's alone. */
async function makeFolder(folder: string, mode = 0o755): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, mode);
}

async function stage(upper: string, file: MachineFile): Promise<void> {
  const parts = dirname(file.path).split("/");
  for (let depth = 1; depth <= parts.length; depth++) {
    await makeFolder(join(upper, ...parts.slice(0, depth)), parts[0] === "root" ? 0o700 : 0o755);
  }
  const target = join(upper, file.path);
  await writeFile(target, file.content);
  await chmod(target, file.mode ?? 0o644);
}

async function refuseFullDisk(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= leastFreeBytes) return;
  const gib = (value: number) => (value / 1024 ** 3).toFixed(1);
  throw new GroundworkError("GW505", {
    where: folder,
    what: `${gib(bavail * bsize)} GiB are free, a machine's disk needs ${gib(leastFreeBytes)} GiB`,
  });
}

/** Waits until the kernel has let go of a disk whose machine has ended. True when it has. */
export function diskReleased(names: MachineNames): Promise<boolean> {
  return until(async () => (await loopDevicesBelow(names.folder)).length === 0, 20);
}

/** Removes a folder in which nothing is mounted: rm would go through a mount and empty someone's disk. */
export async function removeFolder(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const mounted = await mountsBelow(folder);
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

/** The mount points in a text of /proc/PID/mountinfo, in which blanks and backslashes are octal. */
export function mountPointsIn(table: string): string[] {
  const plain = (text: string) =>
    text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return table
    .split("\n")
    .map((line) => line.split(" ")[4])
    .filter((point) => point !== undefined)
    .map(plain);
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
