import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** One step of `./groundwork test`. */
export interface TestPart {
  name: string;
  command: string;
  words: string[];
  /** Shown while it runs; otherwise only where it fails. */
  live: boolean;
}

/** Test files below `test/`, by what they need. */
export interface TestFiles {
  /** Nothing but this computer. */
  quick: string[];
  /** Lab machines. */
  lab: string[];
  /** What only `--long` runs. */
  long: string[];
}

/** Sorts test files: `test/lab` needs machines, `*.long.test.ts` takes long. */
export function sortTestFiles(files: string[], pattern?: string): TestFiles {
  const wanted = files.filter((file) => pattern === undefined || file.includes(pattern)).sort();
  const isLong = (file: string): boolean => file.endsWith(".long.test.ts");
  const isLab = (file: string): boolean => file.startsWith("test/lab/");
  return {
    quick: wanted.filter((file) => !isLab(file) && !isLong(file)),
    lab: wanted.filter((file) => isLab(file) && !isLong(file)),
    long: wanted.filter(isLong),
  };
}

/** Every test file of the project, relative to its folder. */
export async function findTestFiles(root: string): Promise<string[]> {
  const entries = await readdir(join(root, "test"), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** What is checked without running it. */
export function staticParts(shellFiles: string[]): TestPart[] {
  const part = (name: string, command: string, words: string[]): TestPart => ({
    name,
    command,
    words,
    live: false,
  });
  return [
    part("formatter and linter", "biome", ["ci", "."]),
    part("type checker", "tsc", ["--project", "."]),
    part("shellcheck", "shellcheck", ["--severity=warning", ...shellFiles]),
  ];
}

/** A run of Node's test runner. Lab tests share one computer, so their files run one after another. */
export function runnerPart(name: string, files: string[], oneByOne: boolean): TestPart {
  const words = ["--test", "--test-reporter=spec", ...(oneByOne ? ["--test-concurrency=1"] : []), ...files];
  return { name, command: "node", words, live: oneByOne };
}

const skipped = new Set(["node_modules", ".git", "golden", "fixtures"]);

/** Shell programs of the project: `.sh` files, and files without a suffix that start as one. */
export async function findShellFiles(root: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !skipped.has(entry.name)) await walk(path);
      if (entry.isFile() && (await isShell(path, entry.name))) found.push(relative(root, path));
    }
  };
  await walk(root);
  return found.sort();
}

async function isShell(path: string, name: string): Promise<boolean> {
  if (name.endsWith(".sh")) return true;
  if (name.includes(".")) return false;
  return /^#!\/.*\b(sh|bash)$/m.test((await readFile(path, "utf8")).split("\n", 1)[0] ?? "");
}

/** The closing lines of Node's test runner: `ℹ tests 12`, `ℹ pass 12`, … */
export function closingLines(output: string): string[] {
  return output.split("\n").filter((line) => /^ℹ (tests|pass|fail|skipped|cancelled|todo) \d+$/.test(line));
}

/** Tests that were not run although they exist: a pass may not hide them. */
export function omitted(lines: string[]): number {
  const counted = lines.map((line) => /^ℹ (skipped|todo|cancelled) (\d+)$/.exec(line)?.[2] ?? "0");
  return counted.reduce((sum, count) => sum + Number(count), 0);
}
