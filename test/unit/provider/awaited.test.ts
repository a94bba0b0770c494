import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Item } from "../../../provider/index.ts";
import { CutMachine } from "./cutMachine.ts";

let machine: CutMachine;
beforeEach(() => {
  machine = new CutMachine();
});
afterEach(() => machine.close());

const below = (...names: string[]): string => join(machine.root, ...names);

function put(folder: string, name: string): void {
  mkdirSync(below(folder), { recursive: true });
  writeFileSync(below(folder, name), "");
}

describe("what waits on a machine for a HostState that has claimed nothing yet", () => {
  for (const [what, folder, name] of [
    ["a key for which a certificate is being issued", "pending", "web.key"],
    ["the bytes of a download", "downloads", `sent-${"0".repeat(64)}-${"1".repeat(16)}`],
  ] as const)
    it(`stays when the last other one is given back: ${what}`, () => {
      const { owner, group } = machine;
      const item: Item = { kind: "file", path: join(machine.tree, "a"), content: "", owner, group };
      machine.run({ items: [item] }, "apply");
      put(folder, name);
      machine.run({ items: [] }, "delete");
      assert.ok(existsSync(below(folder, name)));
      machine.run({ items: [] }, "leave");
      assert.ok(!existsSync(machine.root));
    });

  it("is not reckoned upon by another one that needs the same bytes", () => {
    const sha256 = "0".repeat(64);
    put("downloads", `sent-${sha256}-somebody`);
    const asks = `sha256=${sha256} observed=absent member='' path=/x; download_needs_bytes && echo needed`;
    assert.equal(machine.shell(asks), "needed\n");
    put("downloads", `sent-${sha256}-me`);
    assert.equal(machine.shell(`gw_owner=me; ${asks}`), "");
  });
});
