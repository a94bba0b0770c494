import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listText } from "../../../cli/commands/lab.ts";
import { existingMachine } from "../../../cli/commands/trust.ts";

describe("a name where there is none", () => {
  it("of a machine of the lab is made by up, where the stack's file lists one", () => {
    assert.equal(
      listText([], "mine"),
      "the lab has no machine: ./groundwork up --stack mine makes those that Pulumi.mine.yaml lists as lab\n",
    );
  });

  it("of a machine to trust is given to the stack's file first", () => {
    const lab = { machines: { "server-1": { lab: {} } } };
    assert.throws(
      () => existingMachine(lab, "server-1"),
      /GW707 server-1: .*there are none\. Give it an `existing`/,
    );
    const own = { machines: { "web-1": { existing: { address: "192.0.2.1" } } } };
    assert.throws(() => existingMachine(own, "web-2"), /there are web-1\. Use one of the names/);
    assert.equal(existingMachine(own, "web-1").address, "192.0.2.1");
  });
});
