import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, relative, sep } from "node:path";
import { cacheFolder } from "../foundation/cacheFolder.ts";
import { labArtifactsFile } from "../foundation/stateFolder.ts";
import { ensureRootTree, groundsInUse, type RootImage } from "../lab/index.ts";
import type { LabArtifacts } from "../stacks/labArtifacts.ts";
import { ensureContainerImages, ensurePrograms, hostArchitecture, type Progress } from "../tools/index.ts";
import { bundles, type ImageName, images, type ProgramName, programs } from "../versions/index.ts";

/**
 * Makes sure that everything the lab's machines download is in the cache, and tells the program what it is.
 * Errors: GW6xx.
 */
export async function ensureLabArtifacts(rootImage: RootImage, progress: Progress): Promise<void> {
  const ready = await ensurePrograms(machinePrograms(), { progress });
  const debianRoot = await ensureRootTree(rootImage, groundsInUse);
  const archives = await ensureContainerImages(Object.keys(images) as ImageName[], { debianRoot, progress });
  await record({
    architecture: hostArchitecture(),
    programs: Object.fromEntries([...ready].map(([name, file]) => [name, servedFile(file)])),
    images: Object.fromEntries(
      [...archives].map(([name, image]) => [name, { ...servedFile(image), reference: image.reference }]),
    ),
  });
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
