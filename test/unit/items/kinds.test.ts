import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { library } from "../../../provider/engine/program.ts";
import { key } from "../../../provider/items/fields.ts";
import { itemKinds } from "../../../provider/items/index.ts";
import { FolderMachine } from "./folderMachine.ts";

const kinds = Object.values(itemKinds);

/** The fields of a schema that are lists of keys. */
function fieldsOfKeys(schema: z.ZodType): string[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    const inner = field instanceof z.ZodOptional ? field.unwrap() : field;
    return inner instanceof z.ZodArray && inner.element === key ? [name] : [];
  });
}

describe("what a kind says of itself", () => {
  for (const kind of kinds) {
    it(`is true of its shell functions and fields: ${kind.kind}`, () => {
      const has = (name: string): boolean => library().includes(`\n${kind.kind}_${name}()`);
      assert.equal(kind.observesMany ?? false, has("observe_many"));
      assert.equal(kind.pending ?? false, has("pending"));
      assert.deepEqual(kind.waitsFor ?? [], fieldsOfKeys(kind.schema));
    });
  }

  it("is what a restart goes by: a certificate that it names does not ask for another one", async () => {
    const machine = new FolderMachine();
    const names = { name: "n", commonName: "m", subjectAltNames: ["DNS:m"], authority: "/a", ticket: "t" };
    try {
      const said = await machine.run(
        [
          { kind: "certificate", folder: "/f", ...names, owner: "root", days: 1 },
          { kind: "reboot", name: "r", after: ["certificate:/f/n"] },
        ],
        "gw_items='1 2' gw_index=2; boot_read() { gw_boot=1 gw_boot_asked=; }; gw_changed=; use_item 2; see",
      );
      assert.equal(said, "pending=no");
    } finally {
      machine.close();
    }
  });
});
