import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "./wait.ts";

// boot.sh makes the control groups of machines; here all are looked at, emptied and removed.

/**
 * The control group trees in a mount table (the text of /proc/mounts):
 * one on a cgroup v2 host, several on a v1 or hybrid host.
 */
export function cgroupTreesIn(mounts: string): string[] {
  return mounts
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, , type]) => type === "cgroup" || type === "cgroup2")
    .map(([, folder = ""]) => folder)
    .filter((folder) => folder.startsWith("/sys/fs/cgroup"));
}

async function cgroupTrees(): Promise<string[]> {
  return cgroupTreesIn(await readFile("/proc/mounts", "utf8"));
}

/**
 * Makes a control group in one tree, to find processes again, and answers the file that takes their ids.
 * Its tree asks for no preparation of the group.
 */
export async function createCgroup(name: string): Promise<string> {
  const trees = await cgroupTrees();
  const plain = /\/(unified|systemd|pids)$/;
  const folder = join(trees.find((tree) => plain.test(tree)) ?? trees[0] ?? "/sys/fs/cgroup", name);
  await mkdir(folder, { recursive: true });
  return join(folder, "cgroup.procs");
}

/** Names of control groups at the top of any tree that begin with `prefix`. */
export async function cgroupsNamed(prefix: string): Promise<string[]> {
  const folders = (await cgroupTrees()).map((tree) => readdir(tree).catch(() => []));
  const names = (await Promise.all(folders)).flat().filter((name) => name.startsWith(prefix));
  return [...new Set(names)].sort();
}

/** Process ids in a control group of this name and in the groups below it, in any tree. */
export async function processesIn(name: string): Promise<number[]> {
  const lists = await Promise.all((await cgroupTrees()).map((tree) => processesBelow(join(tree, name))));
  return [...new Set(lists.flat())];
}

async function processesBelow(folder: string): Promise<number[]> {
  const procs = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
  const below = await Promise.all((await subfolders(folder)).map(processesBelow));
  return [...procs.split("\n").filter(Boolean).map(Number), ...below.flat()];
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
}

/** Kills every process in the control groups of this name, at once. True when none is left. */
export async function killCgroup(name: string, limitSeconds = 5): Promise<boolean> {
  const trees = await cgroupTrees();
  return until(async () => {
    for (const tree of trees) {
      const kill = join(tree, name, "cgroup.kill");
      if (existsSync(kill)) await writeFile(kill, "1").catch(() => {});
    }
    const left = await processesIn(name);
    // A tree without cgroup.kill (v1 alone) is killed one by one; what was born meanwhile needs another round.
    for (const pid of left) tryKill(pid);
    return left.length === 0;
  }, limitSeconds);
}

/** Kills a process that may be gone already. */
export function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Removes the control groups of this name in every tree. True when none is left. */
export async function removeCgroup(name: string, limitSeconds = 3): Promise<boolean> {
  const folders = (await cgroupTrees()).map((tree) => join(tree, name));
  return until(async () => {
    await Promise.all(folders.map(removeTree));
    return folders.every((folder) => !existsSync(folder));
  }, limitSeconds);
}

async function removeTree(folder: string): Promise<void> {
  for (const child of await subfolders(folder)) await removeTree(child);
  await rmdir(folder).catch(() => {});
}
