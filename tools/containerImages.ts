import { join } from "node:path";
import { execa } from "execa";
import { GroundworkError } from "../errors/index.ts";
import { cacheFolder } from "../foundation/cacheFolder.ts";
import { fileSha256, recipeKey } from "../foundation/digest.ts";
import { requireDiskSpace } from "../foundation/diskSpace.ts";
import {
  type Architecture,
  type ImageDefinition,
  type ImageName,
  images,
  type ProgramName,
} from "../versions/index.ts";
import { ensureBusybox } from "./busybox.ts";
import { ensureEntry } from "./cacheEntry.ts";
import { programsWithLibraries } from "./debianPrograms.ts";
import { ensurePrograms, hostArchitecture, type ReadyProgram } from "./ensurePrograms.ts";
import { type Image, type ImageEntry, writeImageArchive } from "./imageArchive.ts";
import { type Progress, reporting, reportingReady } from "./progress.ts";

/** A container image in the cache, as a docker-archive. */
export interface ReadyImage {
  /** The tar file, for `ctr --namespace k8s.io images import`. */
  readonly path: string;
  /** Of the tar file, in lower-case hexadecimal. */
  readonly sha256: string;
  /** The name that the import gives the image. */
  readonly reference: string;
}

/** How images are made. */
export interface EnsureImagesOptions {
  /** The folder of a Debian root file system; images that hold programs of Debian take them from it. */
  readonly debianRoot?: string;
  readonly progress?: Progress;
}

/** Raise it when this file makes another image from the same inputs. */
const edition = 1;

/**
 * Makes sure that images are in the cache, with the programs they hold. Images are made from our own programs for
 * machines that reach no registry; the same inputs give the same bytes.
 * @throws GroundworkError of the GW6 family, see the catalogue
 */
export async function ensureContainerImages<Name extends ImageName>(
  names: readonly Name[],
  options: EnsureImagesOptions = {},
): Promise<Map<Name, ReadyImage>> {
  const progress = options.progress ?? (() => undefined);
  const definitions: Readonly<Record<ImageName, ImageDefinition>> = images;
  const inside = names.flatMap((name) => Object.keys(definitions[name].programs) as ProgramName[]);
  const programs = await ensurePrograms(inside, { progress });
  const ready = new Map<Name, ReadyImage>();
  for (const name of names) {
    const image = await imageOf(name, definitions[name], programs, { ...options, progress });
    ready.set(name, await ensureImage(name, image, progress));
  }
  return ready;
}

async function imageOf(
  name: ImageName,
  definition: ImageDefinition,
  programs: ReadonlyMap<ProgramName, ReadyProgram>,
  { debianRoot, progress }: EnsureImagesOptions & { progress: Progress },
): Promise<Image> {
  const architecture = hostArchitecture();
  const { reference, entrypoint } = definition;
  if (name === "probe") return probeImage(reference, architecture, progress);
  const own = Object.entries(definition.programs).map(([program, path]) =>
    programEntry(path, program as ProgramName, programs),
  );
  const debian = await debianEntries(name, definition.debianPrograms ?? [], debianRoot);
  return { reference, architecture, entrypoint, entries: [...baseFolders, ...own, ...debian] };
}

/** What programs take for granted. */
const baseFolders: readonly ImageEntry[] = [
  { kind: "folder", path: "/etc", mode: 0o755 },
  { kind: "folder", path: "/run", mode: 0o755 },
  { kind: "folder", path: "/tmp", mode: 0o1777 },
  { kind: "folder", path: "/var", mode: 0o755 },
];

function programEntry(
  path: string,
  name: ProgramName,
  programs: ReadonlyMap<ProgramName, ReadyProgram>,
): ImageEntry {
  const found = programs.get(name);
  if (!found) throw new Error(`${name} was not asked for`);
  return { kind: "file", path, source: found.path, sha256: found.sha256 };
}

async function debianEntries(name: ImageName, wanted: readonly string[], root: string | undefined) {
  if (wanted.length === 0) return [];
  if (root) return programsWithLibraries(root, wanted);
  throw new GroundworkError("GW609", {
    what: `The image ${name} takes ${wanted.join(" and ")} out of a Debian root file system, and none was given`,
    where: "debianRoot",
    mend: "Give the folder of the lab's root image",
  });
}

/**
 * For test pods: answers HTTP on 8080 by default (`/` and `/cgi-bin/hostname`), and has a shell with wget and nslookup.
 * A time limit has to be `timeout 5 wget …`: `wget -T` of this static busybox ends with a segmentation fault.
 */
async function probeImage(reference: string, architecture: Architecture, progress: Progress): Promise<Image> {
  const { folder, manifest } = await ensureBusybox(architecture, progress);
  const busybox = join(folder, "busybox");
  const applets = (await execa(busybox, ["--list"])).stdout
    .split("\n")
    .filter((applet) => applet !== "busybox");
  const hostname = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nhostname\n";
  const entries: ImageEntry[] = [
    ...baseFolders,
    { kind: "file", path: "/bin/busybox", source: busybox, sha256: manifest.files.busybox?.sha256 },
    ...applets.map((applet): ImageEntry => ({ kind: "link", path: `/bin/${applet}`, target: "busybox" })),
    { kind: "text", path: "/etc/passwd", text: "root:x:0:0:root:/root:/bin/sh\n", mode: 0o644 },
    { kind: "text", path: "/etc/group", text: "root:x:0:\n", mode: 0o644 },
    { kind: "text", path: "/srv/index.html", text: "groundwork probe\n", mode: 0o644 },
    { kind: "text", path: "/srv/cgi-bin/hostname", text: hostname, mode: 0o755 },
  ];
  return { reference, architecture, entries, command: ["/bin/httpd", "-f", "-p", "8080", "-h", "/srv"] };
}

async function ensureImage(name: ImageName, image: Image, progress: Progress): Promise<ReadyImage> {
  const file = `${name}.tar`;
  const version = image.reference.slice(image.reference.lastIndexOf(":") + 1);
  const folder = join(
    cacheFolder(),
    "images",
    `${name}-${version}-${image.architecture}-${await imageKey(image)}`,
  );
  const about = { program: `image ${name}`, version };
  const entry = await reportingReady(progress, about, (watched) => {
    const make = (into: string) =>
      reporting(watched, { ...about, phase: "build" }, async () => {
        await requireDiskSpace(into, 300, `Making the image ${name}`);
        await writeImageArchive(join(into, file), image);
      });
    return ensureEntry(`image-${name}`, [{ route: "image", folder, make }]);
  });
  return {
    path: join(entry.folder, file),
    sha256: entry.manifest.files[file]?.sha256 ?? "",
    reference: image.reference,
  };
}

async function imageKey(image: Image): Promise<string> {
  const entries = await Promise.all(
    image.entries.map(async (entry) =>
      entry.kind === "file"
        ? { path: entry.path, sha256: entry.sha256 ?? (await fileSha256(entry.source)) }
        : entry,
    ),
  );
  return recipeKey({ ...image, entries, edition });
}
