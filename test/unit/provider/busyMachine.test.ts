import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it, mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import { FakeMachine } from "../../support/fakeMachine.ts";
import { type FakeSsh, openFakeSsh } from "../../support/fakeSsh.ts";
import { connection, operation } from "./smallSpec.ts";

const silent = { info: () => undefined, warning: () => undefined, status: () => undefined };
/** OpenSSH's default for one connection. */
const maxSessions = 10;

let ssh: FakeSsh;
let deployment: Deployment;
/** What the machine was asked beside the work, and how many sessions were open at most. */
let heard: string[];
let sessions: { now: number; most: number };
let endWork: () => void;
let working: Promise<unknown>;
before(async () => {
  ssh = await openFakeSsh();
});
after(() => ssh.close());

/** A machine with more work than it has sessions, none of which ends before it is told to. */
beforeEach(async () => {
  heard = [];
  sessions = { now: 0, most: 0 };
  const machine = new FakeMachine((action) => {
    if (action !== "read") heard.push(action);
    return [`machine ${operation.machineId}`, "committed", "end ok"];
  });
  const workEnds = new Promise<void>((resolve) => {
    endWork = resolve;
  });
  ssh.answer = async (command) => {
    sessions.now += 1;
    sessions.most = Math.max(sessions.most, sessions.now);
    try {
      if (command.command.includes("/cancel")) heard.push("cancel");
      const answer = (await machine.answer(command)) ?? {};
      if (machine.asked.at(-1) === "read") await workEnds;
      return answer;
    } finally {
      sessions.now -= 1;
    }
  };
  mock.timers.enable({ apis: ["setInterval"] });
  deployment = new Deployment(silent);
  const session = deployment.session(connection);
  const programs = Array.from({ length: maxSessions + 2 }, () =>
    session.read({ items: [] }, { ...operation, action: "read" }),
  );
  working = Promise.all(programs);
  await until(() => sessions.now >= 6);
});
afterEach(async () => {
  endWork();
  await working;
  await deployment.close();
  mock.timers.reset();
  assert.ok(sessions.most <= maxSessions, `${sessions.most} sessions`);
});

async function until(true_: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!true_()) {
    assert.ok(Date.now() < end, "it does not come about");
    await sleep(20);
  }
}

describe("a machine on which everything is at work", () => {
  it("hears at once of an interrupt", async () => {
    deployment.started(operation.run ?? "", deployment.session(connection));
    void deployment.cancel();
    await until(() => heard.includes("cancel"));
    deployment.ended(operation.run ?? "");
  });

  it("has its lease renewed", async () => {
    deployment.keepLease(connection);
    mock.timers.tick(40_000);
    await until(() => heard.includes("renew"));
  });

  it("is told at once that a change stays", async () => {
    const committed = deployment.session(connection).commit({ ...operation, run: undefined });
    await until(() => heard.includes("confirm"));
    assert.equal((await committed).outcome, "committed");
  });

  it("takes back at once what work may be waiting for", async () => {
    const taken = deployment.session(connection).takeBack({ ...operation, run: undefined });
    await until(() => heard.includes("restore"));
    await taken;
  });
});
