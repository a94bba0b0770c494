import { access } from "node:fs/promises";
import { execa } from "execa";
import { GroundworkError } from "../errors/index.ts";

/** How this machine is asked and changed; tests put their own in place. */
export interface PackageSystem {
  /** Runs a program; undefined where it does not exist. */
  run(program: string, args: readonly string[]): Promise<{ exitCode: number; output: string } | undefined>;
  isRoot(): boolean;
  /** Tells the user. */
  write(line: string): void;
}

const thisMachine: PackageSystem = {
  async run(program, args) {
    const env = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
    const run = await execa(program, args, { env, stdin: "ignore", all: true, reject: false });
    return run.code === "ENOENT" ? undefined : { exitCode: run.exitCode ?? 1, output: run.all ?? "" };
  },
  isRoot: () => process.getuid?.() === 0,
  write: (line) => process.stderr.write(`${line}\n`),
};

/** True where Debian's package tools are there. */
export async function isDebian(): Promise<boolean> {
  return access("/etc/debian_version").then(
    () => true,
    () => false,
  );
}

/**
 * Installs those of the packages that are missing, after telling which ones.
 * @param why completes "… are needed": such as "to build runc"
 * @throws GW605 without Debian's tools, GW604 without root, GW602 or GW608 where apt-get fails
 */
export async function ensureDebianPackages(
  packages: readonly string[],
  why: string,
  system: PackageSystem = thisMachine,
): Promise<void> {
  const missing = await missingPackages(packages, system);
  if (missing.length === 0) return;
  const list = missing.join(" ");
  if (!system.isRoot()) {
    throw new GroundworkError("GW604", {
      what: `The Debian packages ${list} are needed ${why}, and only root may install packages`,
      mend: `Run this as root, or have root run: apt-get install ${list}`,
    });
  }
  system.write(`installing the Debian packages ${list} (needed ${why})`);
  await aptGet(["update"], list, system);
  await aptGet(["install", "--yes", "--no-install-recommends", ...missing], list, system);
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
const statusFormat = "${Package} ${db:Status-Status}\n";

/** Those packages that are not fully installed, in the order given. */
export async function missingPackages(packages: readonly string[], system: PackageSystem): Promise<string[]> {
  const asked = await system.run("dpkg-query", ["-W", "-f", statusFormat, ...packages]);
  if (!asked) {
    throw new GroundworkError("GW605", {
      what: `The packages ${packages.join(" ")} are needed, and they can be installed by themselves on Debian and its family alone`,
      mend: "Install what they hold by this system's own means",
    });
  }
  const installed = new Set(
    asked.output
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return packages.filter((name) => !installed.has(name));
}

/** Quiet, patient with another apt-get that is at work (unattended upgrades), impatient with a silent package source. */
export const aptOptions = [
  "-qq",
  ...["DPkg::Lock::Timeout=300", "Acquire::http::Timeout=30", "Acquire::https::Timeout=30"].flatMap(
    (option) => ["-o", option],
  ),
];

async function aptGet(args: readonly string[], list: string, system: PackageSystem): Promise<void> {
  const run = await system.run("apt-get", [...aptOptions, ...args]);
  if (run?.exitCode === 0 && !(args[0] === "update" && failedUpdate.test(run.output))) return;
  const lines = (run?.output ?? "apt-get is missing").trim().split("\n");
  const trouble = lines.filter((line) => /^[EW]:/.test(line)).slice(0, 3);
  const what = `apt-get ${args[0]} failed for ${list} (${(trouble.length > 0 ? trouble : lines.slice(-3)).join("; ")})`;
  const unreachable = failedUpdate.test(what) || /Unable to fetch|Failed to fetch/.test(what);
  throw new GroundworkError(unreachable ? "GW602" : "GW608", {
    what,
    ...(unreachable
      ? { mend: "Look at the network and at the package sources of this machine, then run this again" }
      : {}),
  });
}

/** apt-get update ends with 0 although a package source did not answer. */
const failedUpdate = /Some index files failed to download|Could not resolve|Failed to fetch/;
