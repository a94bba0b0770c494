import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { Deployment } from "../../../../provider/deployment/deployment.ts";
import { unfinishedCreate } from "../../../../provider/index.ts";
import { PartialFailure } from "../../../../provider/partialFailure.ts";
import { FormattedResource } from "../../../../provider/resources/formattedResource.ts";
import { HostStateResource } from "../../../../provider/resources/hostState.ts";
import type { Properties, ResourceType } from "../../../../provider/resources/resource.ts";
import { stateFormat } from "../../../../provider/resources/stateFormat.ts";
import { secret } from "../../../../provider/wire.ts";
import { FakeMachine } from "../../../support/fakeMachine.ts";
import { type FakeSsh, openFakeSsh } from "../../../support/fakeSsh.ts";
import { connection, small } from "../smallSpec.ts";
import { fixturesToWrite, formatsOf, readFixture, writeFixture } from "./fixtures.ts";

/** A HostState as a checkpoint holds it, its secrets decrypted and marked, as the engine hands them over. */
interface Fixture {
  urn: string;
  id: string;
  inputs: Properties;
  outputs: Properties;
}

const machineId = "0123456789abcdef0123456789abcdef";
const urn = "urn:pulumi:dev::test::groundwork:index:HostState::alpha-m1";
const call = { urn, preview: false, timeout: 0 };

let ssh: FakeSsh;
let machine: FakeMachine;
let deployment: Deployment;
let host: ResourceType;
before(async () => {
  ssh = await openFakeSsh();
  begin();
  if (fixturesToWrite) await write();
});
after(() => ssh.close());
beforeEach(begin);
afterEach(() => deployment.close());

function begin(): void {
  const ignore = (): void => undefined;
  deployment = new Deployment({ info: ignore, warning: ignore, status: ignore });
  host = new FormattedResource(new HostStateResource(deployment));
  machine = new FakeMachine((action) => reports[action] ?? ["end ok"]);
  ssh.opened.length = 0;
  // What is no program of the engine issues a ticket.
  ssh.answer = async (command) => (await machine.answer(command)) ?? { stdout: "token\n" };
}

const encoded = (text: string): string => Buffer.from(text).toString("base64");
const reports: Record<string, string[]> = {
  request: [`request 1 join ${encoded("m1")}`, "end ok"],
  read: [`machine ${machineId}`, "end ok"],
  apply: [
    `machine ${machineId}`,
    `fact host ${encoded("m1\n")}`,
    `fact token ${encoded("hush")}`,
    "committed",
    "end ok",
  ],
  delete: ["committed", "end ok"],
};

async function write(): Promise<void> {
  const inputs = {
    ...small,
    connection,
    stream: "alpha",
    items: [...small.items, { kind: "file", path: "/etc/secret", content: secret("hush") }],
    facts: { host: { run: "hostname" }, token: { file: "/etc/token", secret: true } },
    tickets: { join: { from: [connection], issue: "date" } },
  } as unknown as Properties;
  const { id, outputs } = await host.create(call, inputs);
  writeFixture("state", stateFormat, { urn, id, inputs, outputs });
}

describe("a state", () => {
  it("is kept of every format up to the present one", () => {
    const every = Array.from({ length: stateFormat }, (_, index) => index + 1);
    assert.deepEqual(formatsOf("state"), every);
  });

  for (const format of formatsOf("state")) {
    const { id, inputs, outputs } = readFixture<Fixture>("state", format);
    const kept = { inputs, outputs };

    it(`of format ${format} is no change where the same is wanted, before and after the machine was read`, async () => {
      assert.deepEqual(host.check(urn, inputs), []);
      assert.deepEqual(await host.diff(call, kept, inputs), { changes: [], replaces: [] });
      const read = await host.read(call, id, kept);
      assert.deepEqual(machine.asked, ["read"]);
      assert.deepEqual(await host.diff(call, { inputs, outputs: read ?? {} }, inputs), {
        changes: [],
        replaces: [],
      });
    });

    it(`of format ${format} keeps its facts, the secret ones as such`, async () => {
      const read = await host.read(call, id, kept);
      assert.deepEqual([read?.facts, read?.secretFacts], [{ host: "m1\n" }, secret({ token: "hush" })]);
    });

    it(`of format ${format} is updated, and is of the present format then`, async () => {
      const wanted = { ...inputs, items: [{ kind: "file", path: "/etc/a", content: "other" }], tickets: {} };
      const updated = await host.update(call, id, kept, wanted);
      assert.deepEqual(machine.asked, ["apply"]);
      assert.equal(updated.machineId, machineId);
      assert.notEqual(updated.generation, outputs.generation);
      assert.equal(updated.__format, stateFormat);
    });

    it(`of format ${format} is deleted`, async () => {
      await host.delete(call, id, kept);
      assert.deepEqual(machine.asked, ["delete"]);
    });
  }

  it("of a newer format is refused with GW104 before any machine is asked", async () => {
    const { id, inputs, outputs } = readFixture<Fixture>("state", stateFormat);
    for (const format of [stateFormat + 1, "of another kind"]) {
      const newer = { inputs, outputs: { ...outputs, __format: format } };
      assert.throws(() => host.diff(call, newer, inputs), { code: "GW104" });
      await assert.rejects(host.update(call, id, newer, inputs), { code: "GW104" });
      await assert.rejects(host.update({ ...call, preview: true }, id, newer, inputs), { code: "GW104" });
      await assert.rejects(host.read(call, id, newer), { code: "GW104" });
      await assert.rejects(host.delete(call, id, newer), { code: "GW104" });
    }
    assert.deepEqual(ssh.opened, []);
    assert.deepEqual(machine.asked, []);
  });

  it("says its format also where an operation failed or was cut off", async () => {
    const { inputs } = readFixture<Fixture>("state", stateFormat);
    const unrestored = ["unrestored_transaction /var/lib/groundwork/transactions/a", "end failed"];
    machine.reports = (action) => (action === "apply" ? unrestored : (reports[action] ?? ["end ok"]));
    await assert.rejects(host.create(call, inputs), (error: Error) => {
      assert.ok(error instanceof PartialFailure, String(error));
      assert.equal(error.outputs.__format, stateFormat);
      return true;
    });
    const cut = unfinishedCreate("groundwork:index:HostState", "alpha-m1", inputs);
    assert.equal(cut?.outputs.__format, stateFormat);
  });
});
