import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { machinesOf, requireConfirmed } from "../../cli/engine/streamGraph.ts";
import { networkCut, networkHeal } from "../../lab/index.ts";
import type { ItemInput } from "../../provider/index.ts";
import { eventually } from "../support/eventually.ts";
import { hostStatesProgram } from "../support/hostStatesProgram.ts";
import { openTestEngine, type ProgramFile, type TestEngine } from "../support/testEngine.ts";
import { openTestLab, type TestLab, type TestMachine } from "../support/testLab.ts";

/** The operator's computer dies in the middle of the first `up`: engine and provider are gone, the machine works on. */
let lab: TestLab;
let machine: TestMachine;
let engine: TestEngine;

before(async () => {
  lab = await openTestLab({ name: "cutcreate", prefix: "10.95.12", machines: ["m1"] });
  machine = lab.machine("m1");
  engine = await openTestEngine();
});

after(async () => {
  await engine?.close();
  await lab?.close();
});

const program = (): ProgramFile => {
  const items: ItemInput[] = [
    { kind: "file", path: "/etc/cut/a", content: "text\n" },
    {
      kind: "command",
      name: "slow",
      run: "sleep 2; touch /root/slow",
      unless: "test -e /root/slow",
      undo: "rm -f /root/slow",
    },
  ];
  const facts = { a: { file: "/etc/cut/a" } };
  return hostStatesProgram({ "cut-m1": { connection: machine.connection, stream: "cut", items, facts } });
};

const traces = (): Promise<string> =>
  machine.inside("ls -d /etc/cut /root/slow /var/lib/groundwork 2>/dev/null | xargs");

const everything = "/etc/cut /root/slow /var/lib/groundwork";

/** Kills engine and provider while the machine is worked on, and waits until the machine has committed by itself. */
async function killedDuringCreate(): Promise<void> {
  const up = engine.up(program());
  await eventually("the work", async () => (await traces()).includes("/etc/cut"));
  for (const pid of [...(await engine.engines()), ...(await engine.providers())])
    process.kill(pid, "SIGKILL");
  assert.equal((await up).succeeded, false);
  assert.equal(await engine.stateOf("cut-m1"), undefined, "the state says nothing of it");
  await eventually("the commit", async () => {
    const left = "ls /var/lib/groundwork/transactions 2>/dev/null";
    return (await traces()) === everything && (await machine.inside(left)) === "";
  });
}

test("a create that was killed, and then a destroy: everything is given back, and the machine is named before", async () => {
  await killedDuringCreate();
  const said = (await engine.settle()).join("\n");
  assert.match(said, /the lock of a killed operation/);
  assert.match(said, /cut off during the creating of cut-m1/);
  const known = await engine.export();
  const machines = machinesOf(known, () => true);
  assert.deepEqual(machines, ["m1"]);
  assert.throws(() => requireConfirmed(known, machines, { confirm: [] }), { code: "GW703" });
  const run = await engine.destroy();
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.deepEqual(
    run.steps
      .map(({ operation, name }) => `${operation} ${name}`)
      .filter((step) => step.startsWith("delete")),
    ["delete cut-m1"],
  );
  assert.equal(await traces(), "");
});

test("a create that was killed is not changed by a preview, and the next up knows it whole", async () => {
  await killedDuringCreate();
  const before = await engine.stateText();
  assert.equal((await engine.preview(program())).succeeded, true);
  assert.equal(await engine.stateText(), before);
  await engine.settle();
  const run = await engine.up(program());
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  const state = await engine.stateOf("cut-m1");
  assert.deepEqual([state?.unfinished, state?.facts], [undefined, { a: "text\n" }]);
  assert.equal(await machine.inside("cat /etc/machine-id"), state?.machineId);
});

test("a create that was killed before the machine heard of it is nothing that a destroy stumbles over", async () => {
  assert.equal((await engine.destroy()).succeeded, true);
  await networkCut(machine.spec);
  const up = engine.up(program());
  await eventually("the create", async () => (await engine.stateText()).includes("::cut-m1"));
  for (const pid of [...(await engine.engines()), ...(await engine.providers())])
    process.kill(pid, "SIGKILL");
  assert.equal((await up).succeeded, false);
  await networkHeal(machine.spec);
  assert.match((await engine.settle()).join("\n"), /creating of cut-m1/);
  const run = await engine.destroy();
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await traces(), "");
});
