import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { stateRoot } from "./naming.ts";

/**
 * Runs work while no other run on this host does the same under this name (`host`, or one machine's).
 * The kernel holds the lock for a small process that ends with this one: a run that was killed blocks nobody.
 */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  const release = await takeLock(name);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function takeLock(name: string): Promise<() => Promise<void>> {
  const folder = join(stateRoot, "locks");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // It says when it has the lock and keeps it until its input ends. A session of its own keeps signals to us from it.
  const holder = spawn("flock", ["--exclusive", join(folder, name), "sh", "-c", "echo; exec cat"], {
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(holder, "exit");
  const early = ended.then(([code]) => {
    throw new Error(`the lock ${name} was lost: flock ended with ${code}`);
  });
  await Promise.race([once(holder.stdout, "data"), early]);
  early.catch(() => {});
  return async () => {
    holder.stdin.end();
    await ended;
  };
}
