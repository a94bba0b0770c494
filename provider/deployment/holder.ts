import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Who holds something: `HOST/PID/START/PLACE`. Start and place tell this process from a later one of the same number,
 * and this computer's processes from those of another one, or of a container, with the same host name.
 */
export function holderOf(pid: number): string {
  return [hostname(), pid, startOf(pid) ?? "", place()].join("/");
}

/** By which this process is known. */
export const thisHolder = (): string => holderOf(process.pid);

/** What became of a process; of one that ran elsewhere nothing is known. */
export type Fate = "alive" | "dead" | "unknown";

/** What became of a holder. */
export function fateOf(holder: string): Fate {
  const [host, pid = "", start, where] = holder.split("/");
  if (host !== hostname() || where !== place() || !/^\d+$/.test(pid)) return "unknown";
  return isAlive(Number(pid)) && (startOf(Number(pid)) ?? "") === start ? "alive" : "dead";
}

/** True while a process of this number runs here, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * When the process of a number started, in milliseconds, on a computer that was `booted` then; undefined where there
 * is none. Without /proc it may have run since ever.
 */
export function startedAt(pid: number, booted: number): number | undefined {
  if (!isAlive(pid)) return undefined;
  const start = startOf(pid);
  return start === undefined ? 0 : booted + Number(start) * tickMilliseconds;
}

/** The kernel tells every program of 100 ticks a second, whatever it counts itself: USER_HZ. */
const tickMilliseconds = 10;

/** When a process started, in the kernel's ticks since boot: field 22 of proc_pid_stat(5). Unknown without /proc. */
function startOf(pid: number): string | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The second field is the program's name, which may hold blanks and brackets.
  return stat
    ?.slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .at(19);
}

/** This boot of this computer, and whose process numbers they are. */
function place(): string {
  const parts = [
    attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    attempt(() => readlinkSync("/proc/self/ns/pid")),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 8);
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
