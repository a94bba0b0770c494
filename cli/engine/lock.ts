import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname, uptime } from "node:os";
import { join } from "node:path";
import { GroundworkError } from "../../errors/index.ts";
import { type Fate, fateOf, startedAt } from "../../provider/index.ts";
import type { EngineNote } from "./engineNotes.ts";

/** Who holds a stack of a backend in files, as the engine writes it. */
export interface LockHolder {
  pid: number;
  hostname: string;
  username: string;
  timestamp: string;
}

/** The holders of a stack's lock, or of any; none for backends that are no folder of this computer. */
export function lockHolders(backend: string, ...stack: [project: string, stack: string] | []): LockHolder[] {
  if (!backend.startsWith("file://")) return [];
  const folder = join(backend.replace("file://", ""), ".pulumi", "locks", "organization", ...stack);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => holderIn(join(folder, name)));
}

function holderIn(file: string): LockHolder[] {
  try {
    return [JSON.parse(readFileSync(file, "utf8")) as LockHolder];
  } catch {
    // It was given back meanwhile, or is being written: the engine looks at it once more itself.
    return [];
  }
}

/**
 * Whether a lock can be taken away: every holder is dead for certain. Errors: GW704 while one lives or where that
 * cannot be known.
 */
export function isAbandoned(
  stack: string,
  holders: LockHolder[],
  fate: (holder: LockHolder) => Fate,
): boolean {
  for (const holder of holders) {
    const found = fate(holder);
    if (found === "dead") continue;
    throw new GroundworkError("GW704", {
      where: `the stack ${stack}`,
      what: `process ${holder.pid} of ${holder.username} on ${holder.hostname} has held the stack since ${holder.timestamp}`,
      ...(found === "alive" ? {} : { mend: unknownMend(holder) }),
    });
  }
  return holders.length > 0;
}

function unknownMend(holder: LockHolder): string {
  const gone =
    holder.hostname === hostname()
      ? "No such process runs here. If it runs in no container either"
      : "If that computer is gone for good";
  return `${gone}, run pulumi cancel in the shell of ./groundwork env`;
}

/**
 * What became of the process that wrote a lock. A number alone says little: after a restart, or some time, it is
 * another process's, and in a container of the same host name it means another one. So the lock has to be older than
 * this computer's start, or of an engine that was noted here and is gone.
 */
export function fateOfLock(lock: LockHolder, engines: EngineNote[], booted = bootTime()): Fate {
  if (lock.hostname !== hostname()) return "unknown";
  const noted = engines
    .filter(({ holder }) => holder.startsWith(`${lock.hostname}/${lock.pid}/`))
    .map(({ holder, written }) => ({ fate: fateOf(holder), old: written < booted }))
    // Notes of an earlier start of this computer say nothing any more.
    .filter(({ fate, old }) => fate !== "unknown" || !old);
  const began = startedAt(lock.pid, booted);
  const since = Date.parse(lock.timestamp);
  const itself = began !== undefined && !(began > since + clockSlack);
  if (itself || noted.some(({ fate }) => fate === "alive")) return "alive";
  if (since < booted) return "dead";
  return noted.length > 0 && noted.every(({ fate }) => fate === "dead") ? "dead" : "unknown";
}

/** Milliseconds by which the start of a process may seem too late. */
const clockSlack = 1000;

/** When this computer was started, in milliseconds. */
const bootTime = (): number => Date.now() - uptime() * 1000;
