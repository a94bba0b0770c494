import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, relative, sep } from "node:path";
import { cacheFolder } from "../../foundation/cacheFolder.ts";
import { labArtifactsFile } from "../../foundation/stateFolder.ts";
import { ensureRootTree, groundsInUse, type LabRelease, type RootImage } from "../../lab/index.ts";
import type { LabArtifacts, LabImage } from "../../stacks/labArtifacts.ts";
import {
  ensureContainerImages,
  ensurePrograms,
  hostArchitecture,
  type Progress,
  type ReadyImage,
} from "../../tools/index.ts";
import {
  bundles,
  type ImageDefinition,
  type ImageName,
  images,
  type ProgramName,
  programs,
} from "../../versions/index.ts";

/**
 * Makes sure that everything the lab's machines download is in the cache, and tells the program what it is.
 * @param rootImages one of each release that the machines run
 * @throws GroundworkError of the GW6 family, see the catalogue
 */
export async function ensureLabArtifacts(
  rootImages: readonly RootImage[],
  progress: Progress,
): Promise<void> {
  const ready = await ensurePrograms(machinePrograms(), { progress });
  const shown = labImages(await ensureContainerImages(imageNames(false), { progress }));
  for (const rootImage of rootImages) {
    const debianRoot = await ensureRootTree(rootImage, groundsInUse);
    const archives = await ensureContainerImages(imageNames(true), { debianRoot, progress });
    shown.push(...labImages(archives, rootImage.release));
  }
  await record({
    architecture: hostArchitecture(),
    programs: Object.fromEntries([...ready].map(([name, file]) => [name, servedFile(file)])),
    images: shown,
  });
}

/** Images with programs of Debian, or those without. */
function imageNames(withDebian: boolean): ImageName[] {
  const definitions: Readonly<Record<ImageName, ImageDefinition>> = images;
  return (Object.keys(images) as ImageName[]).filter(
    (name) => (definitions[name].debianPrograms !== undefined) === withDebian,
  );
}

function labImages(archives: Map<ImageName, ReadyImage>, release?: LabRelease): LabImage[] {
  return [...archives].map(([image, archive]) => ({
    ...servedFile(archive),
    image,
    reference: archive.reference,
    ...(release === undefined ? {} : { release }),
  }));
}

/** Programs that run on machines, not on this computer. */
function machinePrograms(): ProgramName[] {
  return (Object.keys(programs) as ProgramName[]).filter(
    (name) => bundles[programs[name].bundle].platform === "linux",
  );
}

function servedFile({ path, sha256 }: { path: string; sha256: string }): { path: string; sha256: string } {
  return { path: relative(cacheFolder(), path).split(sep).join("/"), sha256 };
}

async function record(artifacts: LabArtifacts): Promise<void> {
  const path = labArtifactsFile();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(artifacts, undefined, 2)}\n`);
  await rename(draft, path);
}
