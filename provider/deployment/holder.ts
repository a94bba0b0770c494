import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Who holds a lease: `HOST/PID/START/PLACE`. Start and place tell this process from a later one of the same number,
 * and this computer's processes from those of another one, or of a container, with the same host name.
 */
export function thisHolder(): string {
  return [hostname(), process.pid, startOf(process.pid) ?? "", place()].join("/");
}

/** True when the holder of a lease ran on this computer and is dead. */
export function isDeadHolder(holder: string): boolean {
  const [host, pid = "", start, where] = holder.split("/");
  if (host !== hostname() || where !== place() || !/^\d+$/.test(pid)) return false;
  return !isAlive(Number(pid)) || (startOf(Number(pid)) ?? "") !== start;
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
