import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import type { HostStateSpec } from "../../../provider/index.ts";
import { applyHostState } from "../../../provider/resources/applyHostState.ts";
import { FakeMachine } from "../../support/fakeMachine.ts";
import { type FakeSsh, openFakeSsh } from "../../support/fakeSsh.ts";
import { connection, operation } from "./smallSpec.ts";

const spec: HostStateSpec = {
  connection,
  stream: "alpha",
  items: [{ kind: "sysctl", name: "net.ipv4.ip_forward", value: "1" }],
  secretItems: [],
  secrets: [],
};
const call = { urn: operation.urn, preview: false, timeout: 0 };

let ssh: FakeSsh;
before(async () => {
  ssh = await openFakeSsh();
});
after(() => ssh.close());

/** What is said of an operation that a machine reports so, and its error. */
async function told(...report: string[]): Promise<{ said: string[]; error: string }> {
  const said: string[] = [];
  const info = (text: string): void => void said.push(text);
  const deployment = new Deployment({ info, warning: info, status: () => undefined });
  const machine = new FakeMachine(() => [`machine ${operation.machineId}`, "changed 1 value=0", ...report]);
  ssh.answer = async (command) => (await machine.answer(command)) ?? {};
  try {
    const error = await applyHostState(deployment, call, spec).then(
      () => "",
      (cause: Error) => cause.message,
    );
    return { said, error };
  } finally {
    await deployment.close();
  }
}

describe("what was changed on a machine", () => {
  it("is told where it stays", async () => {
    assert.deepEqual(await told("committed", "end ok"), {
      said: ["changed sysctl:net.ipv4.ip_forward"],
      error: "",
    });
  });

  it("is not told where it was put back: the error says that, once", async () => {
    const cancelled = `error GW310 ${Buffer.from("cancelled before file:/etc/a").toString("base64")}`;
    assert.deepEqual(await told(cancelled, "restored", "end failed"), {
      said: [],
      error:
        "GW310 m1 (alpha): cancelled before file:/etc/a. The machine was put back as it was. Run it again when you like",
    });
  });
});
