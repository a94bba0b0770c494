import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { lock } from "proper-lockfile";
import { z } from "zod";
import { GroundworkError } from "../errors/index.ts";
import { fileSha256 } from "../foundation/digest.ts";

const fileRecord = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.number().int(),
  /** Modification time in whole milliseconds. */
  modified: z.number().int(),
});

const manifestFile = "manifest.json";
const manifestSchema = z.object({ route: z.string(), files: z.record(z.string(), fileRecord) });

/** What a cache entry holds, with the digests taken when it was made. */
export type Manifest = z.infer<typeof manifestSchema>;

/** A folder of the cache whose files are complete and as they were when they were made. */
export interface CacheEntry {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** One way of making an entry. */
export interface Recipe {
  /** Recorded in the manifest: `official`, `module`, … */
  readonly route: string;
  /** The entry's place in the cache. It names version and recipe, so that another recipe has another place. */
  readonly folder: string;
  /** Puts the files into an empty folder. Throws {@link RouteUnavailable} where the next recipe may be tried. */
  make(folder: string): Promise<void>;
}

/** A way of making an entry that is not open on this machine; another one may be. */
export class RouteUnavailable extends Error {}

/**
 * Reads an entry. Undefined: there is none, or a file is missing, so that it has to be made.
 * Files are compared by size and time; where these differ, by digest.
 * @throws GW606 where a file is not what was recorded.
 */
export async function readEntry(folder: string): Promise<CacheEntry | undefined> {
  const manifest = await readManifest(folder);
  if (!manifest) return undefined;
  for (const [name, record] of Object.entries(manifest.files)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (!found) return undefined;
    if (found.size === record.size && Math.round(found.mtimeMs) === record.modified) continue;
    if (found.size !== record.size || (await fileSha256(path)) !== record.sha256)
      throw changed(path, record.sha256);
    // The same content at another time (a copied cache): the next look shall be cheap again.
    await utimes(path, record.modified / 1000, record.modified / 1000).catch(() => undefined);
  }
  return { folder, manifest };
}

async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(folder, manifestFile), "utf8")));
  } catch {
    return undefined;
  }
}

function changed(path: string, sha256: string): GroundworkError {
  return new GroundworkError("GW606", {
    what: `The file was changed since it was made (recorded sha256 ${sha256})`,
    where: path,
    mend: `Find out who changed it; to make it anew, delete ${dirname(path)}`,
  });
}

async function firstEntry(recipes: readonly Recipe[]): Promise<CacheEntry | undefined> {
  for (const recipe of recipes) {
    const entry = await readEntry(recipe.folder);
    if (entry) return entry;
  }
  return undefined;
}

/** How a run waits for another one that works on the same entry. */
export interface WaitOptions {
  /** Wraps the waiting, such as to report it. */
  readonly onWait?: <T>(work: () => Promise<T>) => Promise<T>;
  /** A holder that was silent for so long is taken for dead; in milliseconds, at least 2000, by default 15 s. */
  readonly staleAfter?: number;
}

/**
 * The first entry of these recipes that is there, else one made by the first recipe that works.
 * Two runs at once make it once; a run that was killed leaves nothing that is taken for an entry.
 * @param name of the thing made, the same for all its versions: one run at a time works on it
 */
export async function ensureEntry(
  name: string,
  recipes: readonly Recipe[],
  wait: WaitOptions = {},
): Promise<CacheEntry> {
  const there = await firstEntry(recipes);
  if (there) return there;
  const parent = dirname(recipes[0]?.folder ?? ".");
  await mkdir(parent, { recursive: true });
  const release = await takeLock(join(parent, `${name}.lock`), wait);
  try {
    return (await firstEntry(recipes)) ?? (await makeEntry(name, parent, recipes));
  } finally {
    await release().catch(() => undefined);
  }
}

async function takeLock(
  path: string,
  { onWait = (work) => work(), staleAfter = 15_000 }: WaitOptions,
): Promise<() => Promise<void>> {
  const options = {
    lockfilePath: path,
    realpath: false,
    stale: staleAfter,
    update: staleAfter / 4,
    // Whoever takes a lock from a run that was asleep makes its own copy: both end with the same entry.
    onCompromised: () => undefined,
  };
  try {
    return await lock(path, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
  }
  const retries = { forever: true, factor: 1, minTimeout: 250, maxTimeout: 250 };
  return onWait(() => lock(path, { ...options, retries }));
}

async function makeEntry(name: string, parent: string, recipes: readonly Recipe[]): Promise<CacheEntry> {
  await removeLeftovers(name, parent);
  for (const recipe of recipes) {
    const partial = await mkdtemp(join(parent, `${name}${partialMark}`));
    try {
      await recipe.make(partial);
      return await keep(recipe, partial);
    } catch (error) {
      if (!(error instanceof RouteUnavailable) || recipe === recipes.at(-1)) throw error;
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }
  throw new Error(`${name} has no recipe`);
}

const partialMark = ".partial-";

/** Holding the lock means that whoever made these is dead. */
async function removeLeftovers(name: string, parent: string): Promise<void> {
  const leftovers = (await readdir(parent)).filter((file) => file.startsWith(`${name}${partialMark}`));
  await Promise.all(leftovers.map((file) => rm(join(parent, file), { recursive: true, force: true })));
}

async function keep(recipe: Recipe, partial: string): Promise<CacheEntry> {
  const manifest: Manifest = { route: recipe.route, files: {} };
  for (const name of (await readdir(partial)).sort()) {
    manifest.files[name] = await recordFile(join(partial, name));
  }
  const manifestPath = join(partial, manifestFile);
  await writeFile(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
  await flush(manifestPath);
  await rm(recipe.folder, { recursive: true, force: true });
  await rename(partial, recipe.folder);
  return { folder: recipe.folder, manifest };
}

async function recordFile(path: string): Promise<z.infer<typeof fileRecord>> {
  await flush(path);
  const { size, mtimeMs } = await stat(path);
  if (size === 0)
    throw new GroundworkError("GW607", { what: "The result is an empty file", where: basename(path) });
  return { sha256: await fileSha256(path), size, modified: Math.round(mtimeMs) };
}

/** Brings a file to the disk before its entry appears: a power cut must not leave an entry with holes. */
async function flush(path: string): Promise<void> {
  const file = await open(path, "r");
  await file.sync();
  await file.close();
}
