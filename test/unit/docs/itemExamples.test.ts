import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { itemExamples } from "../../../docs/source/itemExamples.ts";
import { exampleTexts, itemReference } from "../../../docs/source/itemReference.ts";
import { type Item, itemKinds, keyOf, kindOf } from "../../../provider/items/index.ts";

const examples: [string, Item][] = Object.entries(itemExamples);

describe("examples of items", () => {
  it("are there for every kind, in the reference too", () => {
    const kinds = Object.keys(itemKinds).sort();
    assert.deepEqual(Object.keys(itemExamples).sort(), kinds);
    assert.deepEqual([...exampleTexts().keys()].sort(), kinds);
    const reference = itemReference();
    for (const [kind, text] of exampleTexts()) {
      assert.match(text, new RegExp(`^\\{\\s*kind: "${kind}"`));
      assert.ok(reference.includes(`### \`${kind}\`\n`), kind);
      assert.ok(reference.includes(`\`\`\`ts\n${text}\n\`\`\``), kind);
    }
  });

  for (const [kind, item] of examples)
    it(`are accepted by the provider: ${kind}`, () => {
      assert.equal(item.kind, kind);
      assert.deepEqual(kindOf(item).schema.safeParse(item).error?.issues ?? [], []);
      assert.ok(keyOf(item).startsWith(`${kind}:`));
    });

  it("are printed with every field that a kind has", () => {
    const sections = itemReference().split(/^### /m).slice(1);
    for (const [kind, item] of examples) {
      const section = sections.find((text) => text.startsWith(`\`${kind}\``)) ?? "";
      for (const field of Object.keys(item).filter((name) => name !== "kind" && name !== "timeLimit"))
        assert.match(
          section,
          new RegExp(`^\\| (\\*\\*${field}\\*\\*|${field}) \\|`, "m"),
          `${kind}.${field}`,
        );
    }
  });
});
