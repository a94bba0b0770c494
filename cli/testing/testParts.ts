import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** One step of `./groundwork test`. */
export interface TestPart {
  name: string;
  command: string;
  words: string[];
  /** Shown while it runs; otherwise only where it fails. */
  live: boolean;
  /** Whether it is a run of Node's test runner, which ends with what it counted. */
  counts: boolean;
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
    counts: false,
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
  return { name, command: "node", words, live: oneByOne, counts: true };
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

/** How many tests there were of each outcome, in the order of the runner's closing lines. */
export const outcomes = ["tests", "pass", "fail", "cancelled", "skipped", "todo"] as const;

export type Counts = Record<(typeof outcomes)[number], number>;

/** The closing lines of Node's test runner: `ℹ tests 12`, `ℹ pass 12`, …; undefined where it did not come to them. */
export function countsOf(output: string): Counts | undefined {
  // A test may print such lines of its own; the runner's come last.
  const counts = outcomes.map((outcome) => {
    const found = [...output.matchAll(new RegExp(`^ℹ ${outcome} (\\d+)$`, "gm"))].at(-1)?.[1];
    return [outcome, found === undefined ? Number.NaN : Number(found)] as const;
  });
  if (counts.some(([, count]) => Number.isNaN(count))) return undefined;
  return Object.fromEntries(counts) as Counts;
}

/** Tests of all parts together. */
export function sumOf(all: Counts[]): Counts {
  const sums = outcomes.map((outcome) => [outcome, all.reduce((sum, counts) => sum + counts[outcome], 0)]);
  return Object.fromEntries(sums) as Counts;
}

/** Tests that were not run although they exist: a pass may not hide them. */
export const omitted = ({ skipped, todo, cancelled }: Counts): number => skipped + todo + cancelled;
