import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import type { z } from "zod";
import { itemExamples } from "../../../docs/source/itemExamples.ts";
import { inOrder } from "../../../provider/engine/program.ts";
import { type Item, type ItemKindName, itemKinds, keyOf, kindOf } from "../../../provider/index.ts";
import { hostStateSchema } from "../../../provider/resources/hostStateSpec.ts";
import { validate } from "../../../provider/resources/validation.ts";
import { runShell } from "../provider/runShell.ts";
import { connection } from "../provider/smallSpec.ts";
import { FolderMachine } from "./folderMachine.ts";
import { type Case, casesOf, itemOf, programFor } from "./hostileCases.ts";
import { hostileRows } from "./hostileRows.ts";
import { hostile, pieces } from "./hostileTexts.ts";
import { textFields } from "./textFields.ts";

const machine = new FolderMachine();
after(() => machine.close());

/** Where programs run here. Names that patterns match lie about; nothing else may come to be there. */
const here = machine.path("here");
const decoys = ["a", "ab", "gwHgwT"];
mkdirSync(here);
chmodSync(here, 0o777);
for (const name of decoys) writeFileSync(`${here}/${name}`, "");

const kinds = Object.keys(itemKinds) as ItemKindName[];

/** True when it is accepted; a refusal has to name it. */
function isAccepted(each: Case): boolean {
  const inputs = { connection, stream: "alpha", items: [itemOf(each)] };
  const [failure] = validate(hostStateSchema, inputs as never);
  const isForbidden = each.value.includes("\0") || !each.value.isWellFormed();
  const told = `${each.kind}.${each.field}: ${JSON.stringify(each.value.slice(0, 80))}`;
  if (failure === undefined) {
    assert.ok(!isForbidden || each.field === "asset.text", `${told} is accepted`);
    return true;
  }
  const named = [each.field, ...(each.row.blames ?? [])].map((field) => field.replace(/\[\]|\{.*/, ""));
  assert.ok(
    named.some((field) => failure.property.startsWith(`items[0].${field}`)),
    `${told} is refused at ${failure.property}`,
  );
  if (isForbidden && each.row.isOpen)
    assert.match(failure.reason, /^must not hold a (NUL character|lone surrogate)/, told);
  return false;
}

/** What an item's functions find: its variables and, in base64, its data. */
const tell = `
for gw_each in $gw_items; do
  use_item "$gw_each"
  for gw_name in gw_key gw_desired gw_ticket $gw_variables; do eval "printf '%s\\0' \\"\\$$gw_name\\""; done
  ! command -v "data_$gw_each" >/dev/null || data | base64 -w 0
  printf '\\0'
done`;

function textsOf(item: Item): string[] {
  const kind = kindOf(item);
  const variables = { ...kind.variables(item), ...kind.steering?.(item) };
  return ["gw_key", "gw_desired", "gw_ticket", ...Object.keys(variables), "data"];
}

/** What dash has of each item, by name. */
async function arrived(items: Item[]): Promise<Map<string, string>[]> {
  const { code, stdout, stderr } = await runShell(programFor(items, tell), here);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.deepEqual(readdirSync(here).sort(), decoys);
  const texts = stdout.toString("utf8").split("\0");
  return items.map((item) => {
    const names = textsOf(item);
    const told = new Map(names.map((name) => [name, texts.shift() ?? ""]));
    return told.set("data", Buffer.from(told.get("data") ?? "", "base64").toString("utf8"));
  });
}

async function arrivesWhole(cases: Case[]): Promise<void> {
  const items = inOrder(cases.map(itemOf));
  const byItem = new Map(cases.map((each) => [JSON.stringify(itemOf(each)), each]));
  const told = await arrived(items);
  items.forEach((item, index) => {
    const each = byItem.get(JSON.stringify(item));
    const found = told[index];
    assert.ok(each !== undefined && found !== undefined);
    assert.equal(found.get("gw_key"), keyOf(item));
    assert.equal(found.get("gw_desired"), kindOf(item).desired(item));
    // The registry on the machine has one line for an item, with tabs between its words.
    assert.doesNotMatch(`${found.get("gw_key")}${found.get("gw_desired")}`, /[\n\t]/);
    const { place } = each.row;
    assert.ok(place !== undefined, `${each.kind}.${each.field} took ${JSON.stringify(each.value)}`);
    const [text = "", wanted] = [found.get(place.name), place.form(each.value)];
    if (place.isPart)
      assert.ok(text.includes(wanted), `${JSON.stringify(wanted)} in ${JSON.stringify(text)}`);
    else assert.equal(text, wanted);
  });
}

async function isHeld(kind: ItemKindName, texts: readonly string[]): Promise<void> {
  const accepted = casesOf(kind, texts).filter(isAccepted);
  await arrivesWhole(accepted.filter(({ field }) => field !== "asset.path"));
}

describe("hostile text", () => {
  it("is tried in every field that takes text, of every kind", () => {
    const fields = (kind: ItemKindName): string[] =>
      textFields(itemKinds[kind].schema as z.ZodType).filter((field) => field !== "kind");
    for (const kind of kinds) assert.deepEqual(Object.keys(hostileRows[kind]), fields(kind), kind);
    assert.deepEqual(Object.keys(hostileRows).sort(), [...kinds].sort());
  });

  it("that objects of JavaScript have a meaning for is refused as a name", () => {
    for (const kind of kinds)
      for (const field of Object.keys(hostileRows[kind]).filter((name) => name.endsWith("{name}"))) {
        const [name = ""] = field.split("{");
        const values = Object.fromEntries([["__proto__", "1"]]);
        const items = [{ ...itemExamples[kind], [name]: values }];
        const failures = validate(hostStateSchema, { connection, stream: "alpha", items } as never);
        assert.deepEqual(
          failures.map(({ property }) => property),
          [`items[0].${name}.__proto__`],
        );
      }
  });

  for (const kind of kinds)
    it(`arrives byte for byte or is refused by name, and nothing is executed: ${kind}`, async () => {
      await isHeld(kind, pieces);
      await fc.assert(
        fc.asyncProperty(fc.array(hostile, { minLength: 10, maxLength: 20 }), (texts) => isHeld(kind, texts)),
        { numRuns: 3 },
      );
      for (const [field, row] of Object.entries(hostileRows[kind]).filter(([, { isOpen }]) => isOpen)) {
        const commands = casesOf(kind, pieces).filter(
          (each) => each.field === field && /touch/.test(each.value),
        );
        assert.ok(commands.some(isAccepted), `${field} takes next to nothing ${row.dress}`);
      }
    });
});
