import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, it } from "node:test";
import { root } from "../../../docs/source/documents.ts";
import { catalogue } from "../../../errors/index.ts";
import { anchorsOf, type Document, prose, readDocuments } from "./documents.ts";

const documents = readDocuments();

/** Targets of a document's links and pictures within the project: path and anchor. */
function targetsOf(document: Document): { path: string; anchor?: string }[] {
  return [...prose(document).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = "", anchor] = target.split("#");
    return [{ path: file === "" ? document.path : normalize(join(dirname(document.path), file)), anchor }];
  });
}

describe("links in documents", () => {
  for (const document of documents)
    it(`lead somewhere in ${document.path}`, () => {
      for (const { path, anchor } of targetsOf(document)) {
        assert.ok(existsSync(join(root, path)), `${path} is not there`);
        const target = documents.find((other) => other.path === path);
        if (anchor !== undefined && target !== undefined)
          assert.ok(anchorsOf(target).includes(anchor), `${path} has no heading #${anchor}`);
      }
    });

  it("lead from the README to every document", () => {
    const readme = documents.find(({ path }) => path === "README.md");
    const reached = new Set(readme === undefined ? [] : targetsOf(readme).map(({ path }) => path));
    for (const { path } of documents) assert.ok(path === "README.md" || reached.has(path), path);
  });
});

describe("files that documents name", () => {
  const folders = "cli|components|docs|errors|foundation|lab|provider|stacks|test|tools|versions";
  const ofProject = new RegExp(`\`((?:${folders})/[a-z][A-Za-z0-9./-]*)\``, "g");

  for (const document of documents)
    it(`are there: ${document.path}`, () => {
      // Capitals stand for a name.
      for (const [, path = ""] of prose(document).matchAll(ofProject))
        if (!/[A-Z]{3}/.test(path)) assert.ok(existsSync(join(root, path)), `${path} is not there`);
    });
});

describe("the table of failures", () => {
  const failures = documents.find(({ path }) => path === "docs/failures.md")?.text ?? "";
  const rows = failures.split("\n").filter((line) => /^\| .*\]\(/.test(line));

  it("names for each case a test that exists", () => {
    assert.ok(rows.length > 20);
    for (const row of rows) {
      const [, title = "", file = ""] = /\[([^\]]+)\]\(\.\.\/([^)]+)\)/.exec(row) ?? [];
      assert.ok(
        readFileSync(join(root, file), "utf8").includes(`"${title}"`),
        `${file} has no test ${title}`,
      );
    }
  });
});

describe("codes of errors in documents", () => {
  it("are in the catalogue", () => {
    for (const { path, text } of documents)
      for (const [code] of text.matchAll(/GW\d{3}/g)) assert.ok(code in catalogue, `${path}: ${code}`);
  });
});
