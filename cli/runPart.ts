import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { root } from "./root.ts";
import { closingLines, omitted, type TestPart } from "./testParts.ts";

/** How a part of the tests went. */
export interface PartResult {
  name: string;
  passed: boolean;
  seconds: number;
  /** The closing lines of Node's test runner. */
  closing: string[];
}

/** Runs one part. What it prints is shown as it comes, or, for a quiet part, where it fails. */
export async function runPart({ name, command, words, live }: TestPart): Promise<PartResult> {
  process.stdout.write(`${name} …\n`);
  const start = performance.now();
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
      if (live) process.stdout.write(text);
    });
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject).on("close", (exit) => resolve(exit ?? 1));
  });
  const text = output.join("");
  const closing = closingLines(text);
  const passed = code === 0 && omitted(closing) === 0;
  if (!passed && !live) process.stdout.write(failures(text));
  return { name, passed, seconds: (performance.now() - start) / 1000, closing };
}

/** Of the test runner's output only what failed; everything of other programs. */
function failures(text: string): string {
  const at = text.indexOf("\n✖ failing tests:");
  return at < 0 ? text : text.slice(at);
}
