import { join } from "node:path";
import { execa } from "execa";
import { GroundworkError } from "../errors/index.ts";
import type { ImageEntry } from "./imageArchive.ts";

/**
 * Programs of a Debian root file system with every library they load, at the paths where they are looked for.
 * @param root the folder that holds the root file system
 * @throws GW604 without root, GW609 where a program is not in it
 */
export async function programsWithLibraries(
  root: string,
  programs: readonly string[],
): Promise<ImageEntry[]> {
  if (process.getuid?.() !== 0) {
    throw new GroundworkError("GW604", {
      what: `Reading which libraries ${programs.join(", ")} load needs root`,
    });
  }
  const listed = await inRoot(root, "ldd", programs);
  const paths = [...new Set([...programs, ...libraryPaths(listed)])];
  // Links are followed inside the root file system, where an absolute one means something else than outside.
  const files = (await inRoot(root, "realpath", ["--canonicalize-existing", ...paths])).trim().split("\n");
  return paths.map((path, index) => ({ kind: "file", path, source: join(root, files[index] ?? path) }));
}

async function inRoot(root: string, program: string, args: readonly string[]): Promise<string> {
  const run = await execa("chroot", [root, program, ...args], {
    env: { LC_ALL: "C" },
    all: true,
    reject: false,
  });
  if (run.exitCode === 0 && !run.stdout.includes("=> not found")) return run.stdout;
  throw new GroundworkError("GW609", {
    what: `${program} does not find what is needed in the root file system (${run.all.trim().slice(-300)})`,
    where: root,
    mend: "Delete this root file system, so that it is made anew with these programs",
  });
}

/** The absolute paths in what `ldd` prints. */
export function libraryPaths(printed: string): string[] {
  const found = printed.split("\n").map((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1]);
  return [...new Set(found.filter((path) => path !== undefined))];
}
