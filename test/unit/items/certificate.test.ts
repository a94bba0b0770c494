import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { itemExamples } from "../../../docs/source/itemExamples.ts";
import { FolderMachine } from "./folderMachine.ts";

describe("a certificate that is not whole", () => {
  for (const [file, observed] of [
    ["", "absent"],
    ["server.crt", "key absent"],
    ["server.key", "certificate absent"],
  ] as const)
    it(`is seen as: ${observed}`, async () => {
      const machine = new FolderMachine();
      try {
        if (file !== "") machine.made(`echo x >${file}`);
        const path = machine.path("server");
        assert.equal(await machine.run([itemExamples.certificate], "see", { path }), observed);
      } finally {
        machine.close();
      }
    });
});
