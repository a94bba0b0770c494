import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/**
 * What each format of the state and of the machine's data looked like, written once by the version that had it:
 * `state-N.json`, `machine-N.json` and `interrupted-N.json`.
 */
export const fixturesToWrite = process.env.GROUNDWORK_WRITE_EVOLUTION === "1";

/** The paths below a folder, parents first: `["folder", MODE]`, `["link", TARGET]`, or `["file", MODE, …LINES]`. */
export type Tree = Record<string, [string, string, ...string[]]>;

export function readTree(folder: string): Tree {
  const names = (readdirSync(folder, { recursive: true }) as string[]).sort();
  return Object.fromEntries(names.map((name) => [name, describeEntry(join(folder, name))]));
}

function describeEntry(path: string): Tree[string] {
  const state = lstatSync(path);
  if (state.isSymbolicLink()) return ["link", readlinkSync(path)];
  const mode = (state.mode & 0o7777).toString(8);
  return state.isDirectory() ? ["folder", mode] : ["file", mode, ...readFileSync(path, "utf8").split("\n")];
}

export function writeTree(folder: string, tree: Tree): void {
  for (const [name, [type, what, ...lines]] of Object.entries(tree)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (type === "link") {
      symlinkSync(what, path);
      continue;
    }
    if (type === "folder") mkdirSync(path, { recursive: true });
    else writeFileSync(path, lines.join("\n"));
    chmodSync(path, Number.parseInt(what, 8));
  }
}

/** Formats of which there is a fixture of this name, oldest first. */
export function formatsOf(name: string): number[] {
  const numbers = readdirSync(import.meta.dirname).map(
    (file) => new RegExp(`^${name}-(\\d+)\\.json$`).exec(file)?.[1],
  );
  return numbers
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

const fileOf = (name: string, format: number): string => join(import.meta.dirname, `${name}-${format}.json`);

export function readFixture<T>(name: string, format: number): T {
  return JSON.parse(readFileSync(fileOf(name, format), "utf8")) as T;
}

export function writeFixture(name: string, format: number, content: unknown): void {
  writeFileSync(fileOf(name, format), `${JSON.stringify(content, undefined, 2)}\n`);
}
