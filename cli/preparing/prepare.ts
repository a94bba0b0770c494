import { GroundworkError } from "../../errors/index.ts";
import { labLoginKey } from "../../foundation/stateFolder.ts";
import { ensureRootImage, type LabRelease, labPackages, type RootImage } from "../../lab/index.ts";
import { type Configuration, releaseOf } from "../../stacks/configuration.ts";
import { ensureDebianPackages, isDebian, type Progress } from "../../tools/index.ts";
import { ensureLabArtifacts } from "./labArtifacts.ts";
import { ensureLoginKey } from "./loginKey.ts";

/** Whether the stack makes machines of its own. */
export function usesLab({ machines }: Configuration): boolean {
  return Object.values(machines).some((machine) => "lab" in machine);
}

/**
 * What a stack needs of this computer before the engine starts; for a lab: root on Linux, Debian packages, the root
 * file systems of its releases and a login key. Errors: GW501, GW502, GW6xx.
 */
export async function prepare(configuration: Configuration, progress: Progress): Promise<void> {
  if (!usesLab(configuration)) return;
  requireRoot();
  if (await isDebian()) {
    await ensureDebianPackages(
      labPackages.map(({ name }) => name),
      "for the lab",
    );
  }
  await ensureLoginKey(labLoginKey());
  const rootImages: RootImage[] = [];
  for (const release of releasesOf(configuration))
    rootImages.push(await ensureRootImage({ release }, progress));
  if (configuration.streams.bravo.enabled) await ensureLabArtifacts(rootImages, progress);
}

/** Names the two ways out: root, or machines that are there already. */
function requireRoot(): void {
  const mend = "Run it there as root, or list your machines as `existing`";
  if (process.platform !== "linux")
    throw new GroundworkError("GW501", { what: `this is ${process.platform}`, mend });
  if (process.getuid?.() !== 0)
    throw new GroundworkError("GW502", { what: `this is user ${process.getuid?.()}`, mend });
}

function releasesOf({ machines }: Configuration): LabRelease[] {
  return [...new Set(Object.values(machines).map(releaseOf))];
}
