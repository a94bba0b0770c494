import { readFile } from "node:fs/promises";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { GroundworkError } from "../errors/index.ts";
import { cacheFolder } from "../foundation/cacheFolder.ts";
import { recipeKey } from "../foundation/digest.ts";
import { requireDiskSpace } from "../foundation/diskSpace.ts";
import {
  type Architecture,
  type BundleDefinition,
  type BundleName,
  bundles,
  type ProgramName,
  programs,
} from "../versions/index.ts";
import { type CacheEntry, ensureEntry, type Recipe, RouteUnavailable } from "./cacheEntry.ts";
import { ensureDebianPackages, isDebian } from "./debianPackages.ts";
import {
  buildGoModule,
  findGo,
  type GoInstallation,
  type GoTarget,
  goRecipe,
  moduleFolder,
  requireGo,
} from "./go.ts";
import { downloadOfficial, isRefused, type RefusedHosts } from "./officialDownload.ts";
import { type Progress, type ProgressEvent, reporting, reportingReady } from "./progress.ts";
import { buildC, cRecipe } from "./staticC.ts";

/** A program in the cache. */
export interface ReadyProgram {
  /** The executable file. */
  readonly path: string;
  /** Of the file, in lower-case hexadecimal. */
  readonly sha256: string;
  /** Without a leading `v`. */
  readonly version: string;
  /** `official`: from its publisher; `module`: built from its Go module; `source`: built from our own C source. */
  readonly route: string;
}

/** How programs are got. */
export interface EnsureOptions {
  /** Told what is going on; by default nobody is. */
  readonly progress?: Progress;
  /** Of the machines that the programs will run on; by default that of this machine. */
  readonly architecture?: Architecture;
}

/**
 * Makes sure that programs are in the cache: taken from it, downloaded from the publisher and compared with the
 * table's digest, or built from their published source with the digests of `go.sum`. Several calls and several
 * processes may ask at once. Programs of one bundle lie in one folder.
 * @throws GroundworkError of the GW6 family, see the catalogue
 */
export async function ensurePrograms<Name extends ProgramName>(
  names: readonly Name[],
  options: EnsureOptions = {},
): Promise<Map<Name, ReadyProgram>> {
  const architecture = options.architecture ?? hostArchitecture();
  const wanted = new Set<BundleName>(names.map((name) => programs[name].bundle));
  const ready = new Map<BundleName, CacheEntry>();
  // One after the other, in the table's order: each build uses every core.
  for (const name of bundleNames.filter((bundle) => wanted.has(bundle))) {
    ready.set(
      name,
      await inTurn(() => ensureBundle(name, architecture, options.progress ?? (() => undefined))),
    );
  }
  return new Map(names.map((name) => [name, readyProgram(name, ready)]));
}

const bundleNames = Object.keys(bundles) as BundleName[];

function readyProgram(name: ProgramName, ready: ReadonlyMap<BundleName, CacheEntry>): ReadyProgram {
  const { bundle, version } = programs[name];
  const entry = ready.get(bundle);
  const sha256 = entry?.manifest.files[name]?.sha256;
  if (!entry || !sha256) {
    throw new GroundworkError("GW609", {
      what: `The bundle ${bundle} was made without its program ${name}`,
      where: entry?.folder ?? bundle,
      mend: "Delete this folder and run this again",
    });
  }
  return { path: join(entry.folder, name), sha256, version, route: entry.manifest.route };
}

let last: Promise<unknown> = Promise.resolve();

/** Lets one piece of work run at a time in this process. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work, work);
  last = turn.catch(() => undefined);
  return turn;
}

/** This machine's architecture. @throws GW605 on others than x86-64 and arm64 */
export function hostArchitecture(): Architecture {
  const known: Partial<Record<string, Architecture>> = { x64: "amd64", arm64: "arm64" };
  const found = known[arch()];
  if (found) return found;
  throw new GroundworkError("GW605", {
    what: `Programs are known for x86-64 and arm64, and this machine is ${arch()}`,
    mend: "Run Groundwork on a machine of one of these architectures",
  });
}

const refusedHosts: RefusedHosts = new Set();

function ensureBundle(name: BundleName, architecture: Architecture, progress: Progress): Promise<CacheEntry> {
  const bundle: BundleDefinition = bundles[name];
  const about = { program: name, version: bundle.version };
  return reportingReady(progress, about, async (watched) =>
    ensureEntry(name, await recipesOf(name, bundle, architecture, watched), {
      onWait: (work) => reporting(watched, { ...about, phase: "wait" }, work),
    }),
  );
}

async function recipesOf(
  name: BundleName,
  bundle: BundleDefinition,
  architecture: Architecture,
  progress: Progress,
): Promise<Recipe[]> {
  const context: Context = { name, bundle, target: targetOf(bundle, architecture), progress };
  const official = officialRecipe(context);
  const source = bundle.c ? await cSourceRecipe(context, bundle.c) : await moduleRecipe(context);
  return [...(official ? [official] : []), source];
}

function targetOf(bundle: BundleDefinition, architecture: Architecture): GoTarget {
  if (bundle.platform === "linux") return { system: "linux", architecture };
  return { system: platform() === "darwin" ? "darwin" : "linux", architecture: hostArchitecture() };
}

/** What all routes of one bundle share. */
interface Context {
  readonly name: BundleName;
  readonly bundle: BundleDefinition;
  readonly target: GoTarget;
  readonly progress: Progress;
}

function placeOf({ name, bundle, target }: Context, recipe: unknown): string {
  const key = recipeKey({ recipe, target });
  return join(cacheFolder(), "programs", `${name}-${bundle.version}-${target.architecture}-${key}`);
}

function eventOf({ name, bundle }: Context, phase: ProgressEvent["phase"]): Omit<ProgressEvent, "seconds"> {
  return { program: name, version: bundle.version, phase };
}

function officialRecipe(context: Context): Recipe | undefined {
  const downloads =
    context.target.system === "linux" && context.bundle.official?.[context.target.architecture];
  if (!downloads) return undefined;
  return {
    route: "official",
    folder: placeOf(context, downloads),
    async make(folder) {
      if (downloads.some((download) => isRefused(download, refusedHosts))) {
        throw new RouteUnavailable("its host did not answer before");
      }
      try {
        await reporting(context.progress, eventOf(context, "download"), async () => {
          for (const download of downloads) await downloadOfficial(download, folder, refusedHosts);
        });
      } catch (error) {
        if (error instanceof RouteUnavailable) {
          const note = `the official download is not to be had: ${error.message}`;
          context.progress({ ...eventOf(context, "download"), seconds: 0, note });
        }
        throw error;
      }
    },
  };
}

let installedGo: Promise<GoInstallation | undefined> | undefined;

async function moduleRecipe(context: Context): Promise<Recipe> {
  installedGo ??= findGo();
  const go = await installedGo;
  const modules = context.bundle.modules ?? [];
  const recipes = await Promise.all(
    modules.map((module) => goRecipe(module, context.target, go?.version ?? "none")),
  );
  return {
    route: "module",
    folder: placeOf(context, recipes),
    async make(folder) {
      await requireModuleTools(context, go);
      const event = { ...eventOf(context, "build"), usualSeconds: context.bundle.usualSeconds };
      await reporting(context.progress, event, async () => {
        for (const module of modules) await buildGoModule(module, context.target, folder);
      });
    },
  };
}

async function requireModuleTools(
  { name, bundle }: Context,
  found: GoInstallation | undefined,
): Promise<void> {
  for (const module of bundle.modules ?? []) {
    const go = requireGo(found, await readFile(join(moduleFolder(module), "go.mod"), "utf8"), name);
    for (const folder of [cacheFolder(), ...go.caches])
      await requireDiskSpace(folder, bundle.diskMiB, `Building ${name}`);
  }
  await requireDebianPackages(bundle, name);
}

/** Elsewhere than on Debian the build itself tells what it lacks. */
async function requireDebianPackages(bundle: BundleDefinition, name: string): Promise<void> {
  if (bundle.debianPackages && (await isDebian()))
    await ensureDebianPackages(bundle.debianPackages, `to build ${name}`);
}

async function cSourceRecipe(context: Context, program: string): Promise<Recipe> {
  return {
    route: "source",
    folder: placeOf(context, await cRecipe(program)),
    async make(folder) {
      await requireDebianPackages(context.bundle, context.name);
      await requireDiskSpace(cacheFolder(), context.bundle.diskMiB, `Building ${context.name}`);
      await reporting(context.progress, eventOf(context, "build"), () => buildC(program, folder));
    },
  };
}
