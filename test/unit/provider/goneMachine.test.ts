import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";
import { GroundworkError } from "../../../errors/index.ts";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import { deleteHostState } from "../../../provider/resources/deleteHostState.ts";
import { type MachineSession, UnknownOutcome } from "../../../provider/session/machine.ts";
import { connection } from "./smallSpec.ts";

const said: string[] = [];
const note = (text: string): number => said.push(text);
const spec = { connection, stream: "alpha", items: [], secretItems: [], secrets: [] };
const silence = { what: "no answer", where: "m1" };

/** A delete on a machine whose session ends like this. */
async function deleted(failure: Error, more: object = {}): Promise<void> {
  const deployment = new Deployment({ info: note, warning: note, status: note });
  const session = { change: () => Promise.reject(failure) } as unknown as MachineSession;
  deployment.session = () => session;
  const urn = "urn:pulumi:dev::groundwork::groundwork:index:HostState::alpha-m1";
  const known = { machineId: "a".repeat(32), generation: "g" };
  try {
    await deleteHostState(
      deployment,
      { urn, preview: false, timeout: 0 },
      { ...spec, connection: { ...connection, ...more } },
      known,
    );
  } finally {
    await deployment.close();
  }
}

beforeEach(() => {
  process.env.GROUNDWORK_GONE = "m1";
  said.length = 0;
});
afterEach(() => {
  delete process.env.GROUNDWORK_GONE;
});

it("a machine that never answered counts as gone where somebody said so", async () => {
  await deleted(new GroundworkError("GW201", silence));
  assert.deepEqual(said, ["m1 does not answer and counts as gone: nothing was put back there"]);
});

it("one that began to give back and fell silent is there, whatever was said of it", async () => {
  await assert.rejects(deleted(new UnknownOutcome("GW201", silence)), { code: "GW201" });
  assert.deepEqual(said, []);
});

it("the advice begins with the way to the machine", async () => {
  process.env.GROUNDWORK_GONE = "";
  const silent = new GroundworkError("GW201", silence);
  await assert.rejects(deleted(silent), /See that this computer reaches its network, bring the machine back/);
  const bastion = { ...connection, name: "door" };
  await assert.rejects(
    deleted(silent, { bastion }),
    /See that its bastion door answers, bring the machine back/,
  );
});
