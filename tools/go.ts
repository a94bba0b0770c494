import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { execa } from "execa";
import { GroundworkError } from "../errors/index.ts";
import { fullDisk } from "../foundation/diskSpace.ts";
import type { Architecture, GoModule } from "../versions/index.ts";

/** The Go that is installed. */
export interface GoInstallation {
  /** Such as `go1.26.8`. */
  readonly version: string;
  /** Where Go keeps compiled packages and the modules' sources. */
  readonly caches: readonly string[];
}

/** What a Go program is built for. */
export interface GoTarget {
  readonly system: "linux" | "darwin";
  readonly architecture: Architecture;
}

/** The Go on PATH; undefined without one. */
export async function findGo(): Promise<GoInstallation | undefined> {
  const asked = await execa("go", ["env", "-json", "GOVERSION", "GOCACHE", "GOMODCACHE"], {
    env: { ...homeForGo(), GOTOOLCHAIN: "local" },
    reject: false,
  });
  if (asked.exitCode !== 0) return undefined;
  const { GOVERSION, GOCACHE, GOMODCACHE } = JSON.parse(asked.stdout) as Record<string, string>;
  return { version: GOVERSION ?? "", caches: [GOCACHE ?? "", GOMODCACHE ?? ""].filter(Boolean) };
}

/** Refuses (GW603) where Go is missing or older than a `go.mod` asks for. */
export function requireGo(go: GoInstallation | undefined, goMod: string, what: string): GoInstallation {
  const needed = /^go (\d+\.\d+(?:\.\d+)?)$/m.exec(goMod)?.[1] ?? "1.26";
  if (go && !isOlder(go.version.replace(/^go/, ""), needed)) return go;
  throw new GroundworkError("GW603", {
    what: `${what} has to be built from its published source and needs Go ${needed}; ${go ? `${go.version} is installed` : "no go is on PATH"}`,
    mend: `Install Go ${needed} or newer and put it on PATH`,
  });
}

function isOlder(version: string, needed: string): boolean {
  const [have, want] = [version, needed].map((text) =>
    text.split(".").map((part) => Number.parseInt(part, 10) || 0),
  );
  for (let part = 0; part < 3; part++) {
    const difference = (have?.[part] ?? 0) - (want?.[part] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** The folder with the `go.mod` of a module of the table. */
export function moduleFolder(module: GoModule): string {
  return join(import.meta.dirname, module.folder);
}

/** Everything that decides what a build of this module gives. */
export async function goRecipe(module: GoModule, target: GoTarget, goVersion: string): Promise<unknown> {
  const [goMod, goSum] = await Promise.all(
    ["go.mod", "go.sum"].map((name) => readFile(join(moduleFolder(module), name), "utf8")),
  );
  return { module, goMod, goSum, target, goVersion, flags: buildFlags(module) };
}

function buildFlags(module: GoModule): string[] {
  const variables = Object.entries(module.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  const linker = ["-s", "-w", ...(module.cgo ? ["-extldflags=-static"] : []), ...variables];
  return [
    "-mod=readonly",
    "-trimpath",
    "-buildvcs=false",
    `-tags=${(module.tags ?? []).join(",")}`,
    `-ldflags=${linker.join(" ")}`,
  ];
}

/** Builds the programs of a module into a folder, with exactly the sources that its `go.sum` names. */
export async function buildGoModule(module: GoModule, target: GoTarget, into: string): Promise<void> {
  for (const { output, packages } of buildCommands(module, into)) {
    await runGo(["build", ...buildFlags(module), "-o", output, ...packages], module, target);
  }
}

/** One command for all programs that are named as Go would name them, one for each other. */
function buildCommands(module: GoModule, into: string): { output: string; packages: string[] }[] {
  const all = Object.entries(module.packages);
  const plain = all.filter(([program, path]) => basename(path) === program).map(([, path]) => path);
  const renamed = all.filter(([program, path]) => basename(path) !== program);
  return [
    ...(plain.length > 0 ? [{ output: `${into}/`, packages: plain }] : []),
    ...renamed.map(([program, path]) => ({ output: join(into, program), packages: [path] })),
  ];
}

async function runGo(args: string[], module: GoModule, target: GoTarget): Promise<void> {
  const run = await execa("go", args, {
    cwd: moduleFolder(module),
    env: {
      ...homeForGo(),
      GOTOOLCHAIN: "local",
      GOWORK: "off",
      GOFLAGS: "",
      CGO_ENABLED: module.cgo ? "1" : "0",
      GOOS: target.system,
      GOARCH: target.architecture,
    },
    stdin: "ignore",
    reject: false,
  });
  if (run.exitCode !== 0) throw explainGo(run.stderr || run.shortMessage || "go did not run", module.folder);
}

/** Go keeps its caches under the home folder and refuses to work without one. */
function homeForGo(): NodeJS.ProcessEnv {
  return { HOME: process.env.HOME || homedir() };
}

const registryTrouble =
  /dial tcp|no such host|i\/o timeout|connection re(fused|set)|TLS handshake|x509:|proxyconnect|EOF$|: 4\d\d |: 5\d\d |server response|network is unreachable|disabled by GOPROXY/im;

/** The error for what `go build` said. */
export function explainGo(stderr: string, where: string): GroundworkError {
  const lines = stderr.split("\n").filter((line) => line.trim() && !line.startsWith("go: downloading "));
  const full = fullDisk(stderr, where);
  if (full) return full;
  const mismatch = lines.find((line) => /checksum mismatch|SECURITY ERROR/.test(line));
  if (mismatch) {
    return new GroundworkError("GW606", {
      what: `A Go module is not the one in tools/${where}/go.sum (${mismatch.trim()})`,
      where,
      mend: "Something between here and the module proxy changes modules; nothing was built",
    });
  }
  const trouble = lines.find((line) => registryTrouble.test(line));
  if (trouble) {
    return new GroundworkError("GW602", {
      what: `The Go module proxy does not give a module (${trouble.trim().slice(0, 300)})`,
      where,
      mend: "Look at the network and at 'go env GOPROXY', then run this again; what was fetched is kept",
    });
  }
  return new GroundworkError("GW607", { what: lines.slice(-5).join("; ").slice(0, 1000), where });
}
