import { createReadStream, createWriteStream } from "node:fs";
import { chmod, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { GroundworkError } from "../errors/index.ts";
import { fileSha256 } from "../foundation/digest.ts";
import { fullDisk } from "../foundation/diskSpace.ts";
import type { OfficialDownload } from "../versions/index.ts";
import { RouteUnavailable } from "./cacheEntry.ts";

/** Time limits of a download, in milliseconds. */
export interface DownloadLimits {
  /** Until the host answers. */
  readonly answer: number;
  /** Without a single byte. */
  readonly silence: number;
}

const limits: DownloadLimits = { answer: 5_000, silence: 20_000 };

/** Hosts that did not answer; they are not asked again in this run. */
export type RefusedHosts = Set<string>;

/** True where the download's host did not answer earlier in this run. */
export function isRefused(download: OfficialDownload, refused: RefusedHosts): boolean {
  return refused.has(new URL(download.url).host);
}

/**
 * Gets the programs of a publisher's release into a folder.
 * @throws {@link RouteUnavailable} where the host does not give the file, or gives another one than the table names.
 */
export async function downloadOfficial(
  download: OfficialDownload,
  into: string,
  refused: RefusedHosts,
  { answer, silence }: DownloadLimits = limits,
): Promise<void> {
  const { host } = new URL(download.url);
  const file = join(into, ".download");
  try {
    await fetchFile(download.url, file, { answer, silence });
  } catch (error) {
    const full = fullDisk(String(error), into, error);
    if (full) throw full;
    refused.add(host);
    throw new RouteUnavailable(`${host} does not answer (${reason(error)})`, { cause: error });
  }
  const sha256 = await fileSha256(file);
  if (sha256 !== download.sha256) {
    throw new RouteUnavailable(
      `what ${download.url} gives has the sha256 ${sha256} instead of ${download.sha256}; it was thrown away`,
    );
  }
  await unpack(file, download, into);
  await rm(file, { force: true });
}

function reason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}

async function fetchFile(url: string, file: string, { answer, silence }: DownloadLimits): Promise<void> {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(new Error(`no answer within ${answer / 1000} s`)), answer);
  try {
    const response = await fetch(url, { signal: abort.signal, redirect: "follow" });
    if (!response.ok || !response.body) throw new Error(`HTTP status ${response.status}`);
    const watched = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(new Error(`silent for ${silence / 1000} s`)), silence);
        yield chunk;
      }
    };
    await pipeline(Readable.fromWeb(response.body), watched, createWriteStream(file));
  } finally {
    clearTimeout(timer);
  }
}

/** Takes the programs that the table names out of an archive; or the one program that the download is. */
async function unpack(file: string, download: OfficialDownload, into: string): Promise<void> {
  const missing = new Map(Object.entries(download.members).map(([program, member]) => [member, program]));
  const whole = missing.get("");
  if (whole !== undefined) {
    await rename(file, join(into, whole));
    await chmod(join(into, whole), 0o755);
    return;
  }
  const archive = createReadStream(file).pipe(createGunzip()).pipe(extract());
  for await (const entry of archive) {
    const member = entry.header.name.replace(/^\.\//, "");
    const program = entry.header.type === "file" ? missing.get(member) : undefined;
    if (program === undefined) {
      entry.resume();
      continue;
    }
    await pipeline(entry, createWriteStream(join(into, program), { mode: 0o755 }));
    missing.delete(member);
  }
  if (missing.size === 0) return;
  throw new GroundworkError("GW607", {
    what: `The archive does not hold ${[...missing.keys()].join(", ")}`,
    where: download.url,
    mend: "Correct the members of this download in versions/programs.ts",
  });
}
