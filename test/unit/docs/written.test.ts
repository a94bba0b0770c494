import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { documentPath } from "../../../docs/source/documents.ts";
import { graphModel } from "../../../docs/source/graphModel.ts";
import { graphPicture } from "../../../docs/source/graphPicture.ts";
import { written } from "../../../docs/source/markdown.ts";
import { parts, picture } from "../../../docs/source/parts.ts";
import { registeredGraph } from "../../../docs/source/registeredGraph.ts";
import { readDocuments } from "./documents.ts";

const again = "write it again: node docs/source/write.ts";

describe("what documents say of the code", () => {
  for (const { path, text } of readDocuments())
    it(`is up to date in ${path}`, () => {
      assert.equal(text, written(text, parts()), again);
    });

  it("is asked for by a document, part by part", () => {
    const all = readDocuments()
      .map(({ text }) => text)
      .join("\n");
    for (const name of Object.keys(parts())) assert.ok(all.includes(`write.ts: ${name} -->`), name);
  });
});

describe("the picture of the graph", () => {
  it("is up to date", async () => {
    assert.equal(readFileSync(documentPath("docs/graph.svg"), "utf8"), await picture(), again);
  });

  it("has every HostState of the program in its stream, and streams of one level side by side", async () => {
    const lab = (...roles: string[]) => ({ lab: { roles } });
    const machines = { a: lab("server", "monitoring"), b: lab("agent"), c: lab("agent") };
    const graph = await registeredGraph({ machines });
    const { streams } = graphModel(graph, Object.keys(machines));
    assert.deepEqual(
      streams.map(({ name, level, after }) => [name, level, after]),
      [
        ["alpha", 0, []],
        ["bravo", 1, ["alpha"]],
        ["charlie", 1, ["alpha"]],
        ["delta", 2, ["bravo", "charlie"]],
      ],
    );
    assert.deepEqual(
      streams.flatMap(({ hosts }) => hosts.map(({ name }) => name)).sort(),
      graph
        .ofType("HostState")
        .map(({ name }) => name)
        .sort(),
    );
  });

  it("shows no lab where every machine is there already, and takes names as text", () => {
    const host = { name: "s-m", machine: "m", label: "a < b & c", step: 0, after: [] };
    const svg = graphPicture({
      machines: ["m"],
      labMachines: [],
      streams: [{ name: "s", title: "stream", level: 0, after: [], hosts: [host] }],
    });
    assert.match(svg, /a &lt; b &amp; c/);
    assert.doesNotMatch(svg, /Debian machine/);
  });
});
