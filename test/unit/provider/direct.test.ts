import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { openReader } from "../../../provider/direct.ts";
import { FakeMachine } from "../../support/fakeMachine.ts";
import { type FakeSsh, openFakeSsh } from "../../support/fakeSsh.ts";
import { connection } from "./smallSpec.ts";

let ssh: FakeSsh;
before(async () => {
  ssh = await openFakeSsh();
});
after(() => ssh.close());

it("a reading of checks tells what they printed without the secrets that it repeats", async () => {
  const evidence = Buffer.from("login as admin with hunter2-token failed").toString("base64");
  const machine = new FakeMachine(() => [`check c1 fail 0 ${evidence}`, "end ok"]);
  ssh.answer = async (command) => (await machine.answer(command)) ?? {};
  const reader = await openReader();
  try {
    const checks = [{ name: "the login works", run: "login" }];
    const spec = { connection, stream: "alpha", items: [], checks, secretItems: [], secrets: [] };
    const [result] = await reader.verify(spec, ["hunter2-token"]);
    assert.equal(result?.evidence, "login as admin with [secret] failed");
    const [open] = await reader.verify(spec, []);
    assert.equal(open?.evidence, "login as admin with hunter2-token failed");
  } finally {
    await reader.close();
  }
});
