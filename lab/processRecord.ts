import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { readJson, writeJson } from "./json.ts";

/** A process that we started, told apart from a later one that got the same number. */
export interface ProcessRecord {
  pid: number;
  /** Clock ticks between boot and its start, field 22 of /proc/PID/stat. */
  startTime: string;
  /** The boot of this host that it belongs to. */
  bootId: string;
}

/** Identifies the present boot of this host. */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** Start time of a live process; undefined when there is none, or only its unreaped remains. */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses and may hold anything, blanks too.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Writes down a process that was just started. */
export async function recordProcess(file: string, pid: number): Promise<void> {
  await writeJson(file, {
    pid,
    startTime: (await startTimeOf(pid)) ?? "",
    bootId: bootId(),
  } satisfies ProcessRecord);
}

/** The recorded process, if it still lives. */
export async function liveProcess(file: string): Promise<number | undefined> {
  const record = await readJson<ProcessRecord>(file);
  if (!record || record.bootId !== bootId()) return undefined;
  return (await startTimeOf(record.pid)) === record.startTime ? record.pid : undefined;
}
