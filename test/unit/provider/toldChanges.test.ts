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

  it("is not told where some of it could not be put back either: the error names that", async () => {
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    const { said, error } = await told(
      `failed 1 apply ${base64("no")}`,
      `unrestored ${base64("sysctl:net.ipv4.ip_forward: read-only")}`,
      "unrestored_transaction",
      "end failed",
    );
    assert.deepEqual(said, []);
    assert.match(
      error,
      /^GW302 m1 \(alpha\): .*Putting the machine back failed: sysctl:net\.ipv4\.ip_forward: read-only/,
    );
  });

  it("is told apart from what an earlier operation could not put back", async () => {
    const text = Buffer.from("sysctl:a: read-only").toString("base64");
    const { said, error } = await told("settled", `unrestored ${text}`, "restored", "end failed");
    assert.deepEqual(said, [
      "an interrupted operation was put back first",
      "of the earlier operation this could not be put back: sysctl:a: read-only",
    ]);
    assert.match(error, /The machine was put back as it was/);
  });
});
