import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "./wait.ts";

/** One mounted tree of control groups. A cgroup v2 host has one, a v1 or hybrid host several. */
export interface Hierarchy {
  folder: string;
  version: 1 | 2;
  /** Controllers of a v1 tree, such as `cpuset`. */
  options: string[];
}

/** The control group trees in a mount table (the text of /proc/mounts). */
export function hierarchiesIn(mounts: string): Hierarchy[] {
  return mounts
    .split("\n")
    .map((line) => line.split(" "))
    .filter(
      ([, folder, type]) => folder?.startsWith("/sys/fs/cgroup") && (type === "cgroup" || type === "cgroup2"),
    )
    .map(([, folder = "", type, options = ""]) => ({
      folder,
      version: type === "cgroup2" ? 2 : 1,
      options: options
        .split(",")
        .filter((option) => !["rw", "ro", "relatime", "nosuid", "nodev", "noexec"].includes(option)),
    }));
}

/** The control group trees of this host. */
export async function hierarchies(): Promise<Hierarchy[]> {
  return hierarchiesIn(await readFile("/proc/mounts", "utf8"));
}

/**
 * Makes a control group of this name in every tree and answers the files that take process ids.
 * Machines must not share one: their systemds and kubelets would manage each other's children.
 */
export async function createCgroup(name: string): Promise<string[]> {
  const all = await hierarchies();
  for (const tree of all) {
    if (tree.version === 2) await offerControllers(tree.folder);
    const folder = join(tree.folder, name);
    await mkdir(folder, { recursive: true });
    if (tree.options.includes("cpuset")) await copyCpuset(tree.folder, folder);
  }
  return all.map((tree) => join(tree.folder, name, "cgroup.procs"));
}

/** A v1 cpuset takes no process before it knows its processors and memory nodes. */
async function copyCpuset(from: string, to: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    await writeFile(join(to, file), await readFile(join(from, file), "utf8"));
  }
}

/** Lets children of a v2 root use its controllers. One that cannot be offered is no reason to stop. */
async function offerControllers(folder: string): Promise<void> {
  const read = async (file: string) => (await readFile(join(folder, file), "utf8").catch(() => "")).trim();
  const offered = new Set((await read("cgroup.subtree_control")).split(" "));
  for (const controller of (await read("cgroup.controllers")).split(" ")) {
    if (controller === "" || offered.has(controller)) continue;
    await writeFile(join(folder, "cgroup.subtree_control"), `+${controller}`).catch(() => {});
  }
}

/** Names of our control groups that begin with `prefix`, in any tree. */
export async function cgroupsNamed(prefix: string): Promise<string[]> {
  const folders = (await hierarchies()).map((tree) => readdir(tree.folder).catch(() => []));
  const names = (await Promise.all(folders)).flat().filter((name) => name.startsWith(prefix));
  return [...new Set(names)].sort();
}

/** Process ids in a control group of this name and in the groups below it, in any tree. */
export async function processesIn(name: string): Promise<number[]> {
  const trees = await hierarchies();
  const lists = await Promise.all(trees.map((tree) => processesBelow(join(tree.folder, name))));
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
  const trees = await hierarchies();
  return until(async () => {
    for (const tree of trees) {
      const kill = join(tree.folder, name, "cgroup.kill");
      if (existsSync(kill)) await writeFile(kill, "1").catch(() => {});
    }
    const left = await processesIn(name);
    // A group without cgroup.kill (v1 alone) is killed one by one; children of a fork bomb need another round.
    for (const pid of left) tryKill(pid);
    return left.length === 0;
  }, limitSeconds);
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

/** Removes the control groups of this name in every tree. True when none is left. */
export async function removeCgroup(name: string, limitSeconds = 3): Promise<boolean> {
  const folders = (await hierarchies()).map((tree) => join(tree.folder, name));
  return until(async () => {
    await Promise.all(folders.map(removeTree));
    return folders.every((folder) => !existsSync(folder));
  }, limitSeconds);
}

async function removeTree(folder: string): Promise<void> {
  for (const child of await subfolders(folder)) await removeTree(child);
  await rmdir(folder).catch(() => {});
}
