import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { plannedChanges, planText } from "../../../cli/progress/changes.ts";
import { readOutlook } from "../../../cli/readings/outlook.ts";
import { outlookText } from "../../../cli/readings/outlookText.ts";
import { itemExamples } from "../../../docs/source/itemExamples.ts";
import { library, renderProgram } from "../../../provider/engine/program.ts";
import { type Item, type ItemKindName, itemKinds, keyOf, kindOf } from "../../../provider/index.ts";
import { diffItems } from "../../../provider/resources/itemDiff.ts";
import { parseReport } from "../../../provider/session/report.ts";
import { connection, operation } from "../provider/smallSpec.ts";

const kinds = Object.keys(itemKinds) as ItemKindName[];
const root = new URL("../../../", import.meta.url);
const labTests = globSync("test/lab/**/*.ts", { cwd: root }).map((path) =>
  readFileSync(new URL(path, root), "utf8"),
);
const reference = readFileSync(new URL("docs/items.md", root), "utf8");

/** What stands beside an item that a restore does not bring back exactly. */
function note(item: Item): string {
  const restores = kindOf(item).restores(item);
  return restores === "exactly" ? "" : ` (restores: ${restores})`;
}

/** What `preview` says of a HostState. */
function previewOf(step: object): string[] {
  const metadata = { urn: operation.urn, type: "groundwork:index:HostState", ...step };
  const events = [{ resourcePreEvent: { metadata } }] as unknown as EngineEvent[];
  return planText(plannedChanges(events)).split("\n").slice(1, -1);
}

const inputs = (item: object): object => ({ inputs: { stream: "alpha", items: [item] }, outputs: {} });

/** A field that says how an item is wanted, with another value: it only has to be told. */
function changed(item: Item): { field: string; other: Item } {
  const field = Object.keys(item).find(
    (name) => name !== "kind" && !(kindOf(item).subjectFields as readonly string[]).includes(name),
  );
  return field === undefined
    ? { field: "timeLimit", other: { ...item, timeLimit: 7 } }
    : { field, other: { ...item, [field]: "another" } as Item };
}

/** What `preview --against-machines` says of an item that a machine reports so. */
async function outlookOf(item: Item, report: string): Promise<string> {
  const spec = { connection, stream: "alpha", items: [item], secretItems: [], secrets: [] };
  const host = {
    name: "alpha-m1",
    stream: "alpha",
    machine: "m1",
    items: [{ key: keyOf(item), unknown: [] }],
    guardsToCome: [],
    spec,
  };
  const drift = parseReport(report).differs.map(({ observed }) => ({
    item: keyOf(item),
    observed,
    desired: kindOf(item).desired(item),
  }));
  const reader = { observe: async () => ({ machineId: "1", drift }), verify: async () => [] };
  const declared = { hosts: [host], doubts: [] };
  const deployment = { version: 3, deployment: {} };
  const compared = { declared, deployment, machines: ["m1"], program: { project: "p", stack: "s" } };
  return outlookText(await readOutlook(compared, reader), undefined, true);
}

describe("every kind of item", () => {
  for (const kind of kinds) {
    const item: Item = itemExamples[kind];
    const key = keyOf(item);

    it(`can be observed, captured, applied and restored: ${kind}`, () => {
      for (const step of ["observe", "capture", "apply", "restore"])
        assert.match(library(), new RegExp(`^${kind}_${step}\\(\\) `, "m"), step);
    });

    it(`says what a restore promises, in the preview and in the reference: ${kind}`, () => {
      assert.ok(previewOf({ op: "create", new: inputs(item) }).includes(`  + ${key}${note(item)}`));
      const promise = kindOf(item).restores(item);
      const [row = ""] = reference.match(new RegExp(`^\\| \\[\`${kind}\`\\].*$`, "m")) ?? [];
      assert.match(row, new RegExp(`\\b${promise} \\| ${itemKinds[kind].timeLimit} s \\|$`));
    });

    it(`is told in a preview, by its field, from what to what: ${kind}`, () => {
      const { field, other } = changed(item);
      const changes = diffItems([item] as never, [other] as never);
      const detailedDiff = Object.fromEntries(changes.map(({ path }) => [path, { diffKind: "update" }]));
      const said = previewOf({ op: "update", old: inputs(item), new: inputs(other), detailedDiff });
      assert.equal(said.length, 1);
      assert.ok(said[0]?.startsWith(`  ~ ${key} ${field}: `), said[0]);
      assert.match(said[0] ?? "", / => ("another"|7)( \(restores: \w+\))?$/);
    });

    it(`is told in a preview against machines, from what was seen to what is wanted: ${kind}`, async () => {
      const desired = kindOf(item).desired(item);
      assert.match(desired, /^\P{Cc}+$/u);
      const said = await outlookOf(item, "machine 1\ndiffers 1 what was=seen\nend ok\n");
      assert.ok(said.includes(`  ~ ${key}: what was=seen => ${desired}${note(item)}`), said);
    });

    it(`has a time limit of its own, or the one that it is given: ${kind}`, () => {
      const { timeLimit } = itemKinds[kind];
      assert.ok(Number.isInteger(timeLimit) && timeLimit >= 5 && timeLimit <= 3600, `${timeLimit}`);
      const program = (items: Item[]): string =>
        renderProgram({ items }, operation).split("# --- data ---").at(-1) ?? "";
      assert.match(program([item]), new RegExp(`^time_limit=${timeLimit}$`, "m"));
      assert.match(program([{ ...item, timeLimit: 4321 }]), /^time_limit=4321$/m);
      assert.equal(kindOf(item).schema.safeParse({ ...item, timeLimit: 0 }).success, false);
      assert.equal(kindOf(item).schema.safeParse({ ...item, timeLimit: 4321 }).success, true);
    });

    it(`is tried on a real machine: ${kind}`, () => {
      assert.ok(labTests.some((text) => text.includes(`kind: "${kind}"`)));
    });
  }
});
