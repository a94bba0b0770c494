import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { root } from "../../../docs/source/documents.ts";

const files = globSync("{components,foundation,lab,stacks,tools,versions}/**/*.ts", { cwd: root });

/** Files of the project that a file imports, types included. */
const imports = (file: string): string[] =>
  [...readFileSync(join(root, file), "utf8").matchAll(/^(?:import|export) [^;]*?from "(\.[^"]+)"/gm)].map(
    ([, target = ""]) => join(dirname(file), target),
  );

/** The first way from a file back to itself. */
function circle(file: string, graph: Map<string, string[]>, done: Set<string>, way: string[] = []): string[] {
  if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
  if (done.has(file)) return [];
  for (const next of graph.get(file) ?? []) {
    const found = circle(next, graph, done, [...way, file]);
    if (found.length > 0) return found;
  }
  done.add(file);
  return [];
}

describe("the files of components, stacks, foundation, lab and tools", () => {
  it("import each other in no circle", () => {
    const graph = new Map(files.map((file) => [file, imports(file)]));
    const done = new Set<string>();
    for (const file of files) assert.deepEqual(circle(file, graph, done), []);
  });

  it("would be found where they did", () => {
    const graph = new Map([
      ["a", ["b"]],
      ["b", ["c"]],
      ["c", ["b"]],
    ]);
    assert.deepEqual(circle("a", graph, new Set()), ["b", "c", "b"]);
  });
});
