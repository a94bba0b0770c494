import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import { root } from "../../../docs/source/documents.ts";

/**
 * Which folders a folder may use. What stands further down may be used by what stands above it, never the other way
 * round; `docs` and `test` look at everything.
 */
const allowed: Record<string, readonly string[]> = {
  "index.ts": ["stacks", "pulumi.ts"],
  cli: ["stacks", "provider", "lab", "tools", "versions", "foundation", "errors"],
  stacks: ["components", "provider", "lab", "versions", "foundation", "errors", "pulumi.ts"],
  components: ["provider", "versions", "foundation", "errors", "pulumi.ts"],
  provider: ["lab", "foundation", "errors", "pulumi.ts"],
  lab: ["tools", "foundation", "errors"],
  tools: ["versions", "foundation", "errors"],
  versions: [],
  foundation: ["errors"],
  errors: [],
  "pulumi.ts": [],
};

/** By which files a folder may be entered from others; `foundation` by each of its own, which are small and know nothing. */
const doors: Record<string, readonly string[]> = {
  // Settings and specs are for those who only check a configuration: the rest loads Pulumi, or the lab's programs.
  stacks: ["configuration.ts", "labArtifacts.ts", "machines.ts", "settings.ts", "streams.ts"],
  components: ["index.ts", "settings.ts"],
  provider: ["index.ts", "examine.ts"],
  lab: ["index.ts", "spec.ts"],
  tools: ["index.ts"],
  versions: ["index.ts"],
  errors: ["index.ts"],
};

const folderOf = (path: string): string => path.split("/")[0] ?? "";

/** What a file of the project imports from it, types and imports while it runs included. */
function importsOf(path: string, text: string): string[] {
  return [...text.matchAll(/(?:\bfrom |\bimport\(|^import )"(\.{1,2}\/[^"]+\.ts)"/gm)].map(
    ([, target = ""]) => relative(root, join(root, dirname(path), target)),
  );
}

/** Imports that leave their folder by a way that is not allowed. */
function trespasses(path: string, text: string): string[] {
  const from = folderOf(path);
  return importsOf(path, text)
    .filter((target) => {
      const to = folderOf(target);
      if (to === from) return false;
      const isDoor = doors[to] === undefined || doors[to].some((door) => target === `${to}/${door}`);
      return !allowed[from]?.includes(to) || !isDoor;
    })
    .map((target) => `${path} imports ${target}`);
}

describe("the folders of the project", () => {
  const folders = Object.keys(allowed).filter((name) => !name.endsWith(".ts"));

  it("are all in the table", () => {
    const all = new Set(globSync("*/**/*.ts", { cwd: root, exclude: ["node_modules"] }).map(folderOf));
    assert.deepEqual([...all].sort(), [...folders, "docs", "test"].sort());
  });

  for (const name of Object.keys(allowed))
    it(`use others only as the table says: ${name}`, () => {
      const files = name.endsWith(".ts") ? [name] : globSync(`${name}/**/*.ts`, { cwd: root });
      const wrong = files.flatMap((path) => trespasses(path, readFileSync(join(root, path), "utf8")));
      assert.deepEqual(wrong, []);
    });

  it("form no circle", () => {
    const names = Object.keys(allowed);
    for (const [name, others] of Object.entries(allowed))
      for (const other of others)
        assert.ok(
          names.indexOf(other) > names.indexOf(name),
          `${name} may use ${other}, which stands above it`,
        );
  });

  it("are found wrong where they go upwards, or past a door", () => {
    assert.deepEqual(trespasses("provider/a.ts", 'import { x } from "../stacks/streams.ts";'), [
      "provider/a.ts imports stacks/streams.ts",
    ]);
    assert.deepEqual(trespasses("cli/a.ts", 'await import("../lab/machine.ts");'), [
      "cli/a.ts imports lab/machine.ts",
    ]);
    assert.deepEqual(trespasses("cli/a.ts", 'import type { X } from "../lab/index.ts";'), []);
  });
});
