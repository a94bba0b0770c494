import { createWriteStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { lock } from "proper-lockfile";
import { cacheFolder } from "../../foundation/cacheFolder.ts";
import { fileSha256 } from "../../foundation/digest.ts";
import { fullDisk } from "../../foundation/diskSpace.ts";

/** What a file is known by, and where it may be had. */
export interface ArtifactSource {
  /** HTTP or HTTPS addresses of the same bytes, tried in order. */
  urls: string[];
  /** In lower-case hexadecimal. */
  sha256: string;
}

/** No address gives the file; `message` says for each host why. */
export class NoMirror extends Error {}

/** Seconds that a fetch waits. */
export interface FetchLimits {
  /** Until the host answers. */
  answer: number;
  /** Without a single byte. */
  silence: number;
  /** Before the second try of an address; each later one waits as much longer. */
  pause: number;
}

const usualLimits: FetchLimits = { answer: 15, silence: 30, pause: 1 };
const tries = 4;

/**
 * Fetches a file into this user's cache, unless it is there, and returns its path. One that was cut is gone on with.
 * Several runs that want the same file fetch it once.
 * @throws {@link NoMirror}; GW601 when the disk is full; AbortError when it is cancelled
 */
export async function fetchArtifact(
  source: ArtifactSource,
  cancelled: AbortSignal,
  limits = usualLimits,
): Promise<string> {
  const folder = join(cacheFolder(), "artifacts");
  const file = join(folder, source.sha256);
  await mkdir(folder, { recursive: true });
  const unlock = await lockFile(file);
  try {
    if (!(await isWhole(file, source.sha256))) await fetchInto(file, source, cancelled, limits);
    return file;
  } catch (error) {
    throw fullDisk(String(error), folder, error) ?? error;
  } finally {
    await unlock().catch(() => undefined);
  }
}

/** A holder that was killed is silent, and passed over after 15 seconds. */
function lockFile(file: string): Promise<() => Promise<void>> {
  return lock(file, {
    lockfilePath: `${file}.lock`,
    realpath: false,
    stale: 15_000,
    update: 4_000,
    retries: { forever: true, factor: 1, minTimeout: 250, maxTimeout: 250 },
    // Whoever takes it from a run that was asleep brings the same bytes.
    onCompromised: () => undefined,
  });
}

async function isWhole(file: string, sha256: string): Promise<boolean> {
  return (await sizeOf(file)) !== undefined && (await fileSha256(file)) === sha256;
}

const sizeOf = (file: string): Promise<number | undefined> =>
  stat(file).then(
    ({ size }) => size,
    () => undefined,
  );

async function fetchInto(
  file: string,
  { urls, sha256 }: ArtifactSource,
  cancelled: AbortSignal,
  limits: FetchLimits,
): Promise<void> {
  const part = `${file}.part`;
  const refusals: string[] = [];
  for (const url of urls) {
    const refusal = await fetchFrom(url, part, sha256, cancelled, limits);
    if (refusal === undefined) {
      await flush(part);
      await rename(part, file);
      return;
    }
    // An address may carry a token: its host is enough to find it by.
    refusals.push(`${new URL(url).host}: ${refusal}`);
  }
  throw new NoMirror(refusals.join("; "));
}

/** Undefined when the part is the whole file, else why this address does not give it. */
async function fetchFrom(
  url: string,
  part: string,
  sha256: string,
  cancelled: AbortSignal,
  limits: FetchLimits,
): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    const resumed = ((await sizeOf(part)) ?? 0) > 0;
    const refusal = await fetchRest(url, part, cancelled, limits).catch((error: unknown) => {
      cancelled.throwIfAborted();
      if (fullDisk(String(error), part)) throw error;
      return { why: reasonOf(error), passes: true };
    });
    if (refusal === undefined) {
      const found = await fileSha256(part);
      if (found === sha256) return undefined;
      await rm(part, { force: true });
      // The part from before may have been another file's.
      if (!resumed) return `it serves other bytes, with sha256 ${found}`;
    } else if (attempt === tries || !refusal.passes) {
      return refusal.why;
    } else {
      await sleep(attempt * limits.pause * 1000, undefined, { signal: cancelled });
    }
  }
}

/** Why a server does not give a file, and whether another try may find it better disposed. */
interface Refusal {
  why: string;
  passes: boolean;
}

/** Asks for what is missing of a part; a server that cannot go on gives all of it. */
async function fetchRest(
  url: string,
  part: string,
  cancelled: AbortSignal,
  { answer, silence }: FetchLimits,
): Promise<Refusal | undefined> {
  const there = (await sizeOf(part)) ?? 0;
  const patience = new Patience(answer);
  try {
    const response = await fetch(url, {
      // The digest is of the bytes as they lie there.
      headers: { "accept-encoding": "identity", ...(there > 0 ? { range: `bytes=${there}-` } : {}) },
      signal: AbortSignal.any([cancelled, patience.signal]),
    });
    patience.begin(silence);
    const { status, body } = response;
    if (status === 416) await rm(part, { force: true });
    if (!response.ok || body === null) {
      await body?.cancel();
      return { why: `HTTP status ${status}`, passes: status === 416 || status === 429 || status >= 500 };
    }
    const goesOn = status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${there}-`);
    const watched = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        patience.begin(silence);
        yield chunk;
      }
    };
    const target = createWriteStream(part, { flags: goesOn ? "a" : "w", mode: 0o600 });
    await pipeline(Readable.fromWeb(body), watched, target);
    return undefined;
  } finally {
    patience.end();
  }
}

/** Ends what is silent for too long. */
class Patience {
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(seconds: number) {
    this.begin(seconds);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  begin(seconds: number): void {
    this.end();
    this.#timer = setTimeout(() => this.#abort.abort(new Error(`silent for ${seconds} s`)), seconds * 1000);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** Brings a file to the disk before it gets its name: a power cut must not leave one with holes. */
async function flush(path: string): Promise<void> {
  const file = await open(path, "r");
  await file.sync();
  await file.close();
}
