import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { GroundworkError } from "../../errors/index.ts";

/** Who holds a stack of a backend in files. */
export interface LockHolder {
  pid: number;
  hostname: string;
  username: string;
  timestamp: string;
}

/** The holders of a stack's lock; empty for backends that are no folder of this computer. */
export async function lockHolders(backend: string, project: string, stack: string): Promise<LockHolder[]> {
  if (!backend.startsWith("file://")) return [];
  const folder = join(backend.replace("file://", ""), ".pulumi", "locks", "organization", project, stack);
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json"));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8").catch(() => "")));
  return texts.filter((text) => text !== "").map((text) => JSON.parse(text) as LockHolder);
}

/**
 * Whether a lock can be taken away: every holder ran on this computer and is dead. Errors: GW704 while one lives or
 * where that cannot be known.
 */
export function isAbandoned(holders: LockHolder[], isAlive: (pid: number) => boolean): boolean {
  for (const holder of holders) {
    const here = holder.hostname === hostname();
    if (here && !isAlive(holder.pid)) continue;
    throw new GroundworkError("GW704", {
      what: `process ${holder.pid} of ${holder.username} on ${holder.hostname} has held it since ${holder.timestamp}`,
      ...(here ? {} : { mend: "If that computer is gone for good, run pulumi cancel" }),
    });
  }
  return holders.length > 0;
}

/** Whether a process of this computer lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
