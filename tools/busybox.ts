import { chmod, copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { GroundworkError } from "../errors/index.ts";
import { cacheFolder } from "../foundation/cacheFolder.ts";
import type { Architecture } from "../versions/index.ts";
import { type CacheEntry, ensureEntry } from "./cacheEntry.ts";
import { aptOptions, isDebian } from "./debianPackages.ts";
import { type Progress, reporting, reportingReady } from "./progress.ts";

const packageName = "busybox-static";

/**
 * A static busybox out of Debian's package (whose signature apt checks), without installing it.
 * @throws GW605 elsewhere than on Debian, GW602 where the package sources do not give it
 */
export async function ensureBusybox(architecture: Architecture, progress: Progress): Promise<CacheEntry> {
  const about = { program: packageName, version: "of Debian" };
  return reportingReady(progress, about, (watched) => {
    const make = (into: string) =>
      reporting(watched, { ...about, phase: "download" }, () => unpackBusybox(architecture, into));
    const folder = join(cacheFolder(), "programs", `${packageName}-${architecture}`);
    return ensureEntry(packageName, [{ route: "debian", folder, make }]);
  });
}

async function unpackBusybox(architecture: Architecture, into: string): Promise<void> {
  if (!(await isDebian())) {
    throw new GroundworkError("GW605", { what: "The probe image is made from a Debian package" });
  }
  const work = await mkdtemp(join(tmpdir(), "groundwork-busybox-"));
  try {
    if (!(await fetchPackage(architecture, work))) {
      // The lists of packages may be missing or too old to name a file that is still there.
      await execa("apt-get", [...aptOptions, "update"], { reject: false });
      if (!(await fetchPackage(architecture, work))) throw unreachable();
    }
    const archive = (await readdir(work)).find((file) => file.endsWith(".deb"));
    if (!archive) throw unreachable();
    await execa("dpkg-deb", ["--extract", join(work, archive), join(work, "tree")]);
    await copyFile(await busyboxIn(join(work, "tree")), join(into, "busybox"));
    await chmod(join(into, "busybox"), 0o755);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function fetchPackage(architecture: Architecture, work: string): Promise<boolean> {
  const run = await execa("apt-get", [...aptOptions, "download", `${packageName}:${architecture}`], {
    cwd: work,
    reject: false,
  });
  return run.exitCode === 0;
}

/** Its place moved from /bin to /usr/bin with Debian 13. */
async function busyboxIn(tree: string): Promise<string> {
  const files = await readdir(tree, { recursive: true });
  const found = files.find((file) => file === "bin/busybox" || file === "usr/bin/busybox");
  if (found) return join(tree, found);
  throw new GroundworkError("GW609", { what: `The Debian package ${packageName} holds no busybox` });
}

function unreachable(): GroundworkError {
  return new GroundworkError("GW602", {
    what: `The Debian package ${packageName} cannot be downloaded`,
    mend: "Look at the network and at the package sources of this machine, then run this again",
  });
}
