import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import { root } from "../../../docs/source/documents.ts";

/** Files of one folder that files of another import, relative to the project's folder. */
function imported(by: string, from: string): string[] {
  const found = globSync(`${by}/**/*.ts`, { cwd: root }).flatMap((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return [...text.matchAll(/from "(\.{1,2}\/[^"]+)"/g)].map(([, target = ""]) =>
      relative(root, join(root, dirname(path), target)),
    );
  });
  return [...new Set(found.filter((path) => path.startsWith(`${from}/`)))].sort();
}

describe("the folders of the project", () => {
  it("let components use the provider's index and its pure words, and nothing else of it", () => {
    const allowed = ["engine/shell.ts", "index.ts", "items/fields.ts", "items/network.ts"];
    for (const path of imported("components", "provider"))
      assert.ok(allowed.includes(path.replace("provider/", "")), path);
  });

  it("keep the provider free of components and the command, and components free of the command", () => {
    assert.deepEqual(imported("provider", "components"), []);
    assert.deepEqual(imported("provider", "cli"), []);
    assert.deepEqual(imported("components", "cli"), []);
  });
});
