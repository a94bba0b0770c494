import { lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir, uptime } from "node:os";
import { join } from "node:path";
import { fateOf, holderOf } from "../provider/index.ts";

const prefix = "groundwork-private-";

/**
 * Does work with a folder that only this user can read and that goes with the work: also where the terminal is closed
 * or the process is politely killed, which `stopped` tells. What a killed run left is removed by the next one.
 */
export async function withPrivateFolder<T>(
  work: (folder: string, stopped: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  // A program in the foreground gets a Ctrl-C itself, and knows what to make of it.
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore).on("SIGHUP", onSignal).on("SIGTERM", onSignal);
  try {
    await sweep();
    const folder = await mkdtemp(join(tmpdir(), `${prefix}${encodeURIComponent(holderOf(process.pid))}-`));
    try {
      return await work(folder, stop.signal);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } finally {
    process.off("SIGINT", ignore).off("SIGHUP", onSignal).off("SIGTERM", onSignal);
  }
}

/** Removes folders of processes that were killed, or that ran before this computer was restarted. */
async function sweep(): Promise<void> {
  const booted = Date.now() - uptime() * 1000;
  const names = await readdir(tmpdir());
  for (const name of names.filter((other) => other.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    const found = await lstat(folder).catch(() => undefined);
    // Anybody may make a folder of that name.
    if (found === undefined || !found.isDirectory() || found.uid !== process.getuid?.()) continue;
    const holder = decodeURIComponent(name.slice(prefix.length, name.lastIndexOf("-")));
    if (fateOf(holder) === "dead" || found.mtimeMs < booted)
      await rm(folder, { recursive: true, force: true });
  }
}
