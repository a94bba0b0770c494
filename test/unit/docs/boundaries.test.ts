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
  it("let components use the provider through its index alone", () => {
    assert.deepEqual(imported("components", "provider"), ["provider/index.ts"]);
  });

  it("keep the provider free of components and the command, and components free of the command", () => {
    assert.deepEqual(imported("provider", "components"), []);
    assert.deepEqual(imported("provider", "cli"), []);
    assert.deepEqual(imported("components", "cli"), []);
  });
});
