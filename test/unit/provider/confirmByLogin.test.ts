import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import type { HostStateSpec } from "../../../provider/index.ts";
import { confirmByLogin } from "../../../provider/resources/decideChange.ts";
import { UnknownOutcome } from "../../../provider/session/machine.ts";
import { FakeMachine } from "../../support/fakeMachine.ts";
import { type Answer, type FakeCommand, type FakeSsh, openFakeSsh } from "../../support/fakeSsh.ts";
import { connection, operation } from "./smallSpec.ts";

const spec: HostStateSpec = { connection, stream: "alpha", items: [], secretItems: [], secrets: [] };
const waiting = { ...operation, run: undefined, tickets: {}, operationId: "0f9e", deadmanSeconds: 60 };
const identity = `machine ${operation.machineId}`;
const lost: Answer = { code: 255, stderr: "client_loop: send disconnect: Broken pipe" };

let ssh: FakeSsh;
let machine: FakeMachine;
let deployment: Deployment;
/** What becomes of a login that is to confirm; undefined lets the machine answer. */
let login: (command: FakeCommand) => Answer | undefined;
before(async () => {
  ssh = await openFakeSsh();
});
after(() => ssh.close());
beforeEach(() => {
  const silent = (): void => undefined;
  deployment = new Deployment({ info: silent, warning: silent, status: silent });
  machine = new FakeMachine(() => [identity, "committed", "end ok"]);
  login = () => undefined;
  ssh.refuse = () => undefined;
  ssh.answer = async (command) => {
    const answer = (await machine.answer(command)) ?? {};
    return (command.alone ? login(command) : undefined) ?? answer;
  };
});
afterEach(() => deployment.close());

const confirm = () => confirmByLogin(deployment, waiting, spec, 0);
const asked = () => machine.asked.map((action) => action);

describe("a change that only a new login makes stay", () => {
  it("is named to the machine that is asked to confirm it", async () => {
    machine.reports = (_, program) => {
      assert.match(program, /^gw_operation_id='0f9e'$/m);
      return [identity, "committed", "end ok"];
    };
    await confirm();
    assert.deepEqual(asked(), ["confirm"]);
  });

  it("stays when its first answer is lost and the next login brings it", async () => {
    let logins = 0;
    login = () => (++logins === 1 ? lost : undefined);
    await confirm();
    assert.deepEqual(asked(), ["confirm", "confirm"]);
  });

  it("stays when every answer is lost, and the machine says over the open connection that it was confirmed", async () => {
    login = () => lost;
    await confirm();
    assert.deepEqual(asked(), [...Array.from({ length: 5 }, () => "confirm"), "restore"]);
  });

  it("is put back at once when the machine says that it was not confirmed", async () => {
    login = () => lost;
    machine.reports = (action) => [identity, action === "restore" ? "restored" : "committed", "end ok"];
    await assert.rejects(confirm(), (error: Error) => {
      assert.match(error.message, /^GW307 m1: .*Broken pipe.*; the machine was put back as it was/);
      return true;
    });
  });

  it("is known to be half there when putting it back failed", async () => {
    login = () => lost;
    machine.reports = () => [identity, "unrestored_transaction /t", "end failed"];
    await assert.rejects(confirm(), { code: "GW302" });
  });

  it("has an unknown outcome when nobody answers any more", async () => {
    login = () => {
      ssh.refuse = () => "Host key verification failed.";
      return lost;
    };
    await assert.rejects(confirm(), UnknownOutcome);
  });

  it("is left to the machine's own timer when every login is refused", async () => {
    login = () => ({ code: 255, stderr: "root@192.0.2.1: Permission denied (publickey)." });
    await assert.rejects(confirm(), (error: Error) => {
      assert.match(error.message, /^GW307 m1: .*Permission denied.*takes it back by itself within 60 s/);
      return true;
    });
    assert.ok(!asked().includes("restore"));
  });

  it("is left to the machine's own timer when the login has no shell", async () => {
    login = () => ({ code: 1, stdout: "This account is currently not available.\n" });
    await assert.rejects(confirm(), { code: "GW307" });
    assert.ok(!asked().includes("restore"));
  });
});
