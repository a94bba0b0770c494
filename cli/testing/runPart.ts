import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { root } from "../root.ts";
import { type Counts, countsOf, omitted, type TestPart } from "./testParts.ts";

/** How a part of the tests went. */
export interface PartResult {
  name: string;
  passed: boolean;
  seconds: number;
  /** What Node's test runner counted; undefined where it is none, or did not come to its end. */
  counts?: Counts;
  /** Why it failed, where its output does not tell. */
  why?: string;
}

/** Runs one part. What it prints is shown as it comes, or, for a quiet part, where it fails. */
export async function runPart(part: TestPart, write: (text: string) => void): Promise<PartResult> {
  write(`${part.name} …\n`);
  const start = performance.now();
  const { code, text } = await outputOf(part, write);
  const seconds = (performance.now() - start) / 1000;
  const counts = part.counts ? countsOf(text) : undefined;
  const why = reason(part, code, counts);
  const passed = code === 0 && why === undefined;
  if (!passed && !part.live) write(failures(text));
  return { name: part.name, passed, seconds, ...(counts ? { counts } : {}), ...(why ? { why } : {}) };
}

/** What a program's run left; no code where it could not be started, which fails its part and not the whole run. */
interface Output {
  code?: number;
  text: string;
}

function outputOf({ command, words, live }: TestPart, write: (text: string) => void): Promise<Output> {
  const path = [join(root, "node_modules", ".bin"), process.env.PATH ?? ""].join(delimiter);
  const child = spawn(command, words, {
    cwd: root,
    // Node's runner would take us for one of its own files.
    env: { ...process.env, PATH: path, NODE_TEST_CONTEXT: undefined },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output.push(text);
      if (live) write(text);
    });
  return new Promise((resolve) => {
    child.on("error", ({ message }) => resolve({ text: `${message}\n` }));
    child.on("close", (exit) => resolve({ code: exit ?? 1, text: output.join("") }));
  });
}

function reason(part: TestPart, code: number | undefined, counts: Counts | undefined): string | undefined {
  if (code === undefined) return `${part.command} could not be started`;
  if (part.counts && counts === undefined) return "the test runner did not come to its end";
  if (code === 0 && counts !== undefined && omitted(counts) > 0) return "tests were left out";
  return undefined;
}

/** Of the test runner's output only what failed; everything of other programs. */
function failures(text: string): string {
  const at = text.indexOf("\n✖ failing tests:");
  return at < 0 ? text : text.slice(at);
}
