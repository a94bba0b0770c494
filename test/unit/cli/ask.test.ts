import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { agreed } from "../../../cli/ask.ts";

describe("a question without a terminal", () => {
  it("is refused in its own words, with what to do", async () => {
    Object.defineProperty(process.stdin, "isTTY", { value: false, configurable: true });
    await assert.rejects(agreed("Roll back delta on m1?", false), ({ message }: Error) => {
      assert.equal(
        message,
        'GW708: "Roll back delta on m1?" has to be answered, and there is no terminal to ask on. Run it in a terminal, or add --yes, which answers yes',
      );
      return true;
    });
  });

  it("is answered by --yes", async () => {
    assert.equal(await agreed("Roll back delta on m1?", true), true);
  });
});
