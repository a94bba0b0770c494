import { mkdir, statfs } from "node:fs/promises";
import { GroundworkError } from "../errors/index.ts";

/**
 * Refuses (GW601) when the file system of a folder has less room than the work needs.
 * @param need in MiB
 */
export async function requireDiskSpace(folder: string, need: number, what: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  if (free >= need) return;
  throw new GroundworkError("GW601", {
    what: `${what} needs ${need} MiB of disk space and ${free} MiB are free`,
    where: folder,
  });
}

/** The error of a full disk (GW601) for what a program or the system reported, if that is what it reported. */
export function fullDisk(report: string, where: string, cause?: unknown): GroundworkError | undefined {
  if (!/ENOSPC|EDQUOT|no space left on device|disk quota exceeded/i.test(report)) return undefined;
  return new GroundworkError("GW601", { what: "The disk is full", where, cause });
}
