import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import type { GroundworkError } from "../../../errors/index.ts";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import {
  type Connection,
  type Drift,
  type HostStateInputs,
  unfinishedCreate,
} from "../../../provider/index.ts";
import { PartialFailure } from "../../../provider/partialFailure.ts";
import { HostStateResource } from "../../../provider/resources/hostState.ts";
import type { Properties } from "../../../provider/resources/resource.ts";
import { aliasOf } from "../../../provider/ssh/configFile.ts";
import { secret, unknown, type Wire } from "../../../provider/wire.ts";
import { FakeMachine } from "../../support/fakeMachine.ts";
import { type FakeSsh, openFakeSsh } from "../../support/fakeSsh.ts";
import { hostKeyOf, rsaHostKeyOf } from "../../support/hostKey.ts";
import { connection } from "./smallSpec.ts";

const machineId = "0123456789abcdef0123456789abcdef";
const done = ["end ok"];
const kept: Properties = {
  machineId,
  generation: "the first",
  facts: { host: "m1\n" },
  secretFacts: secret({ token: "hush" }),
  drift: [],
};

let ssh: FakeSsh;
let machine: FakeMachine;
let deployment: Deployment;
let said: string[];
before(async () => {
  ssh = await openFakeSsh();
});
after(() => ssh.close());
beforeEach(() => {
  said = [];
  const note = (text: string): void => void said.push(text);
  deployment = new Deployment({ info: note, warning: note, status: note });
  machine = new FakeMachine((action) => usual[action] ?? done);
  ssh.opened.length = 0;
  ssh.refuse = () => undefined;
  ssh.answer = async (command) => (await machine.answer(command)) ?? {};
});
afterEach(() => deployment.close());

const usual: Record<string, string[]> = {
  read: [`machine ${machineId}`, ...done],
  apply: [`machine ${machineId}`, "committed", ...done],
  delete: ["committed", ...done],
};

const call = (name = "alpha-m1", preview = false) => ({
  urn: `urn:pulumi:dev::test::groundwork:index:HostState::${name}`,
  preview,
  timeout: 0,
});
const inputsOf = (more: Partial<HostStateInputs> = {}): Properties =>
  ({
    connection,
    stream: "alpha",
    items: [{ kind: "file", path: "/etc/a", content: "one" }],
    ...more,
  }) as unknown as Properties;
const host = () => new HostStateResource(deployment);
const update = (more: Partial<HostStateInputs>, outputs = kept, preview = false) =>
  host().update(call("alpha-m1", preview), "id", { inputs: inputsOf(), outputs }, inputsOf(more));
const remove = (more: Partial<HostStateInputs> = {}, name = "alpha-m1") =>
  host().delete(call(name), "id", { inputs: inputsOf(more), outputs: kept });

/** From the confirmation on, nothing is heard of the machine. */
function breaksOffAtConfirm(): void {
  ssh.answer = async (command) => {
    const answer = (await machine.answer(command)) ?? {};
    if (machine.asked.at(-1) !== "confirm") return answer;
    ssh.cut("m1");
    ssh.refuse = () => "Host key verification failed.";
    return { code: 255 };
  };
}

describe("a HostState whose machine is reached in another way", () => {
  const moved = { connection: { ...connection, address: "192.0.2.77", user: "deploy" } };

  it("logs in there, looks, and keeps all that it knew: nothing is applied, its generation stays", async () => {
    const closed = { ...kept, unreachable: "GW201 m1: no answer at the old address" };
    assert.deepEqual(await update(moved, closed), kept);
    assert.deepEqual(machine.asked, ["read"]);
    assert.deepEqual(ssh.opened, ["m1"]);
  });

  it("refuses another machine that answers there", async () => {
    machine.reports = (_action, program) => {
      assert.match(program, new RegExp(`^gw_machine_expected='?${machineId}'?$`, "m"));
      return [`error GW206 ${Buffer.from("machine-id is another").toString("base64")}`, "end failed"];
    };
    await assert.rejects(update(moved), { code: "GW206" });
    assert.deepEqual(machine.asked, ["read"]);
  });

  it("is applied as usual where something is not as it was left", async () => {
    machine.reports = (action) =>
      action === "read" ? [`machine ${machineId}`, "differs 1 absent", ...done] : (usual[action] ?? done);
    const outputs = await update(moved);
    assert.notEqual(outputs.generation, kept.generation);
    assert.deepEqual(machine.asked, ["read", "apply"]);
  });

  it("is applied as usual where more is to change", async () => {
    await update({ ...moved, items: [] });
    assert.deepEqual(machine.asked, ["apply"]);
  });

  it("shows in a preview that nothing follows from it", async () => {
    assert.deepEqual(await update(moved, kept, true), kept);
    const more = await update({ ...moved, items: [] }, kept, true);
    assert.equal(more.generation, unknown);
    assert.deepEqual(machine.asked, []);
  });
});

describe("a HostState that got another URN", () => {
  const former = "urn:pulumi:dev::test::groundwork:index:HostState::baseline-m1";
  const renamed = { ...kept, claimant: former };
  const takesOver = /^gw_former='?[0-9a-f]{16}'?$/m;
  const asks = (pattern: RegExp): void => {
    machine.reports = (action, program) => {
      if (action !== "leave") assert.match(program, pattern);
      return usual[action] ?? done;
    };
  };

  it("is an update, which takes its claim along and is known by the new one from then on", async () => {
    const { changes } = await host().diff(call(), { inputs: inputsOf(), outputs: renamed }, inputsOf());
    assert.deepEqual(changes, [{ path: "claimant", change: "update", drifted: true }]);
    asks(takesOver);
    const outputs = await update({}, renamed);
    assert.equal(outputs.claimant, call().urn);
    assert.deepEqual((await host().diff(call(), { inputs: inputsOf(), outputs }, inputsOf())).changes, []);
  });

  it("is applied also where nothing but the way to its machine is another one", async () => {
    asks(takesOver);
    await update({ connection: { ...connection, address: "192.0.2.77" } }, renamed);
    assert.deepEqual(machine.asked, ["apply"]);
  });

  it("gives everything back that it claimed under the old one", async () => {
    asks(takesOver);
    await host().delete(call(), "id", { inputs: inputsOf(), outputs: renamed });
    assert.deepEqual(machine.asked, ["delete"]);
  });

  it("keeps the new one where the update fails after the claim was taken along", async () => {
    const taken = `adopted ${Buffer.from(former).toString("base64")}`;
    machine.reports = (action) =>
      action === "apply" ? [`machine ${machineId}`, taken, "restored", "end failed"] : done;
    await assert.rejects(update({}, renamed), (error: Error) => {
      assert.ok(error instanceof PartialFailure);
      assert.deepEqual([error.outputs.claimant, error.outputs.unfinished], [call().urn, true]);
      return true;
    });
  });

  it("is looked for by an up that takes another stack over, also where nothing else is to change", async () => {
    process.env.GROUNDWORK_ADOPT = "old";
    try {
      const { changes } = await host().diff(call(), { inputs: inputsOf(), outputs: kept }, inputsOf());
      assert.deepEqual(changes, [{ path: "claimant", change: "update", drifted: true }]);
    } finally {
      delete process.env.GROUNDWORK_ADOPT;
    }
  });

  it("is asked for nothing by a state from before claimants were written", async () => {
    assert.deepEqual(
      (await host().diff(call(), { inputs: inputsOf(), outputs: kept }, inputsOf())).changes,
      [],
    );
    asks(/^gw_former=''$/m);
    await host().delete(call(), "id", { inputs: inputsOf(), outputs: kept });
  });
});

describe("a HostState whose create was cut off", () => {
  const { outputs } = unfinishedCreate("groundwork:index:HostState", "alpha-m1", inputsOf()) ?? {
    outputs: {},
  };

  it("is brought about again although its machine is as declared, and is known from then on", async () => {
    const seen = await host().read(call(), "id", { inputs: inputsOf(), outputs });
    assert.deepEqual((await host().diff(call(), { inputs: inputsOf(), outputs: seen }, inputsOf())).changes, [
      { path: "unfinished", change: "delete", drifted: true },
    ]);
    const done = await update({}, seen);
    assert.deepEqual(machine.asked, ["read", "apply"]);
    assert.equal(done.machineId, machineId);
    assert.equal(done.unfinished, undefined);
  });

  it("has nothing in a preview that could be taken for its facts", async () => {
    const planned = await update({}, outputs, true);
    assert.deepEqual([planned.machineId, planned.facts, planned.unfinished], [unknown, unknown, undefined]);
  });
});

describe("a HostState whose update was begun and whose end was never seen", () => {
  const more = { items: [{ kind: "file", path: "/etc/new", content: "two" }] } as Partial<HostStateInputs>;
  const elsewhere = [{ name: "the other one agrees", run: "true", on: { ...connection, name: "m2" } }];

  /** What the engine keeps of it: the new inputs, and the outputs that the failure answers. */
  async function leftBy(update: Promise<Properties>): Promise<{ inputs: Properties; outputs: Properties }> {
    const error = await update.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof PartialFailure, String(error));
    assert.equal(error.id, "id");
    return error;
  }

  /** The machine changed, and was not heard of any more. */
  async function unheard(): Promise<{ inputs: Properties; outputs: Properties }> {
    machine.reports = (action) =>
      action === "apply" ? [`machine ${machineId}`, "unconfirmed", ...done] : ["check c1 pass 0 ", ...done];
    breaksOffAtConfirm();
    const left = await leftBy(update({ ...more, checks: elsewhere }));
    ssh.refuse = () => undefined;
    ssh.answer = async (command) => (await machine.answer(command)) ?? {};
    machine.reports = (action) => usual[action] ?? done;
    machine.asked.length = 0;
    return left;
  }

  it("is not certain in the state: with what it was to become, and what was known of it before", async () => {
    const { inputs, outputs } = await unheard();
    assert.deepEqual(inputs, inputsOf({ ...more, checks: elsewhere }));
    assert.deepEqual(outputs, { ...kept, unfinished: true });
  });

  it("is brought about again by the next up, also where the program wants the old edition and nothing drifted", async () => {
    const left = await unheard();
    const outputs = await host().read(call(), "id", left);
    for (const wanted of [inputsOf(more), inputsOf()]) {
      const { changes } = await host().diff(call(), { ...left, outputs }, wanted);
      assert.ok(changes.some(({ path, drifted }) => path === "unfinished" && drifted));
      assert.equal((await host().update(call(), "id", { ...left, outputs }, wanted)).unfinished, undefined);
    }
    assert.deepEqual(machine.asked, ["read", "apply", "apply"]);
  });

  it("shows in a preview that its facts are to come, on the machine that it is", async () => {
    const left = await unheard();
    const planned = await host().update(call("alpha-m1", true), "id", left, left.inputs);
    assert.deepEqual([planned.machineId, planned.facts, planned.unfinished], [machineId, unknown, undefined]);
  });

  it("gives everything back that the machine's registry knows of, when it is deleted", async () => {
    const left = await unheard();
    await host().delete(call(), "id", left);
    assert.deepEqual(machine.asked, ["delete"]);
  });

  it("is the same where the machine could not be put back", async () => {
    machine.reports = () => [
      `machine ${machineId}`,
      `failed 1 apply ${Buffer.from("exit 1").toString("base64")}`,
      "unrestored_transaction /var/lib/groundwork/transactions/a",
      "end failed",
    ];
    const { outputs } = await leftBy(update(more));
    assert.deepEqual(outputs, { ...kept, unfinished: true });
  });

  it("is no more than a failure where the machine was put back", async () => {
    machine.reports = () => [
      `machine ${machineId}`,
      `failed 1 apply ${Buffer.from("exit 1").toString("base64")}`,
      "restored",
      "end failed",
    ];
    await assert.rejects(update(more), (error) => !(error instanceof PartialFailure));
  });
});

describe("what a machine says of items with a secret", () => {
  const plain = { kind: "file", path: "/etc/a", content: "one" };
  const hidden = { kind: "file", path: "/etc/b", content: secret("hush") };
  const seen = (index: number): string => `differs ${index} file mode=0644 owner=root:root sha256=aa`;
  const drift = async (items: Wire) => {
    machine.reports = () => [`machine ${machineId}`, seen(1), seen(2), ...done];
    const state = await host().read(call(), "id", { inputs: { ...inputsOf(), items }, outputs: kept });
    return (state.drift as unknown as Drift[]).map(({ observed }) => observed);
  };

  it("is not in the state, be the secret a content or the whole list", async () => {
    assert.deepEqual(await drift([plain, hidden]), [seen(1).slice(10), "not as declared"]);
    assert.deepEqual(await drift(secret([plain, plain])), ["not as declared", "not as declared"]);
  });

  it("is in no error", async () => {
    const failed = `failed 2 apply ${Buffer.from("exit 1").toString("base64")}`;
    machine.reports = () => [`machine ${machineId}`, failed, seen(2), "restored", "end failed"];
    const inputs = { ...inputsOf(), items: [plain, hidden] };
    await assert.rejects(host().create(call(), inputs), (error: Error) => {
      assert.match(error.message, /file:\/etc\/b \(apply\): exit 1; observed: not as declared/);
      return true;
    });
  });
});

describe("a change whose checks from elsewhere decided", () => {
  const checks = [{ name: "the other one agrees", run: "true", on: { ...connection, name: "m2" } }];
  const decided: Record<string, string[]> = {
    apply: [`machine ${machineId}`, "unconfirmed", ...done],
    verify: ["check c1 pass 0 ", ...done],
    confirm: ["committed", ...done],
  };

  it("is asked for again when the connection broke before it was said that it stays, and applied once", async () => {
    machine.reports = (action) => decided[action] ?? done;
    let broken = 0;
    ssh.answer = async (command) => {
      const answer = (await machine.answer(command)) ?? {};
      if (machine.asked.at(-1) !== "confirm" || broken > 0) return answer;
      broken += 1;
      ssh.cut("m1");
      return { code: 255, stdout: "", stderr: "client_loop: send disconnect: Broken pipe" };
    };
    const { outputs } = await host().create(call(), inputsOf({ checks }));
    assert.equal(outputs.machineId, machineId);
    assert.deepEqual(machine.asked, ["apply", "verify", "confirm", "confirm"]);
  });

  it("is known to the state when nobody can say what became of it", async () => {
    machine.reports = (action) => decided[action] ?? done;
    breaksOffAtConfirm();
    await assert.rejects(host().create(call(), inputsOf({ checks })), (error: Error) => {
      assert.ok(error instanceof PartialFailure);
      assert.match(error.message, /^GW202 m1: /);
      assert.equal(error.outputs.machineId, "");
      return true;
    });
  });

  it("is known to the state when the machine cannot say that it stays: it may have kept it all the same", async () => {
    const words = Buffer.from("No space left on device").toString("base64");
    const refused = [`machine ${machineId}`, `error GW315 ${words}`, "end failed"];
    const armed = [`machine ${machineId}`, "armed", "unconfirmed 0f9e", ...done];
    for (const applied of [armed, decided.apply ?? done]) {
      machine.reports = (action) =>
        action === "confirm" ? refused : action === "apply" ? applied : (decided[action] ?? done);
      const wanted = applied === armed ? inputsOf() : inputsOf({ checks });
      await assert.rejects(host().create(call(), wanted), (error: Error) => {
        assert.ok(error instanceof PartialFailure, String(error));
        assert.match(error.message, /^GW315 m1 \(alpha\): No space left on device/);
        return true;
      });
    }
  });

  it("is not known to the state when the machine took it back before", async () => {
    const words = Buffer.from("the change was taken back before it was confirmed").toString("base64");
    machine.reports = (action) =>
      action === "confirm"
        ? [`machine ${machineId}`, `error GW307 ${words}`, "end failed"]
        : (decided[action] ?? done);
    await assert.rejects(host().create(call(), inputsOf({ checks })), (error: GroundworkError) => {
      assert.ok(!(error instanceof PartialFailure));
      assert.equal(error.code, "GW307");
      return true;
    });
  });
});

describe("a HostState whose machine is pinned by another type of key", () => {
  const rsa = { connection: { ...connection, hostKey: rsaHostKeyOf("m1") } };
  const differ = () => host().diff(call(), { inputs: inputsOf(), outputs: kept }, inputsOf(rsa));

  it("is an update that applies nothing where the same machine answers under the new pin", async () => {
    const { changes, replaces } = await differ();
    assert.deepEqual([changes.map(({ path }) => path), replaces], [["connection.hostKey"], []]);
    assert.deepEqual(await update(rsa), kept);
    assert.deepEqual(machine.asked, ["read", "read"]);
  });

  it("is replaced where another machine answers, which holds nothing of what ran on the old one", async () => {
    machine.reports = () => [`machine ${"f".repeat(32)}`, ...done];
    assert.deepEqual((await differ()).replaces, ["connection.hostKey"]);
    ssh.refuse = () =>
      `Host key for ${aliasOf(connection)} has changed and you have requested strict checking.\nHost key verification failed.`;
    await remove();
    assert.deepEqual(said, ["the machine is not the one it was: nothing is left to restore"]);
  });

  it("is not replaced while nobody answers there: the update is refused, and so is a delete", async () => {
    ssh.refuse = () => "Host key verification failed.";
    assert.deepEqual((await differ()).replaces, []);
    await assert.rejects(update(rsa), { code: "GW202" });
    await assert.rejects(remove(), { code: "GW202" });
    assert.deepEqual(machine.asked, []);
  });
});

describe("a delete that another machine-id answers under the pinned key", () => {
  const refusal = `error GW206 ${Buffer.from("machine-id is another").toString("base64")}`;
  const another = "f".repeat(32);

  it("is refused where that machine holds nothing of it, and says how to go on", async () => {
    machine.reports = () => [`machine ${another}`, refusal, "end failed"];
    await assert.rejects(remove(), (error: GroundworkError) => {
      assert.equal(error.code, "GW206");
      assert.match(error.message, /run \.\/groundwork up with m1 declared/);
      return true;
    });
    assert.deepEqual(said, []);
  });

  it("has nothing to give back where the program goes on with that machine", async () => {
    machine.reports = () => [`machine ${another}`, refusal, "end failed"];
    const found = { ...kept, foundMachineId: another };
    const { replaces } = await host().diff(call(), { inputs: inputsOf(), outputs: found }, inputsOf());
    assert.deepEqual(replaces, ["connection.hostKey"]);
    await remove();
    assert.deepEqual(said, ["the machine is not the one it was: nothing is left to restore"]);
  });

  it("confirms by a login to the machine that gave everything back under its new identity", async () => {
    machine.reports = (action, program) => {
      if (action === "confirm")
        assert.match(program, new RegExp(`^gw_machine_expected='?${another}'?$`, "m"));
      return action === "delete"
        ? [`machine ${another}`, "armed", "unconfirmed none", ...done]
        : [`machine ${another}`, "committed", ...done];
    };
    await remove();
    assert.deepEqual(machine.asked, ["delete", "confirm"]);
  });
});

describe("a delete whose machine does not answer", () => {
  beforeEach(() => {
    ssh.refuse = () => "ssh: connect to host 192.0.2.1 port 22: No route to host";
  });
  afterEach(() => {
    delete process.env.GROUNDWORK_GONE;
  });

  it("is refused, and says how to go on when the machine never comes back", async () => {
    await assert.rejects(remove(), (error: GroundworkError) => {
      assert.equal(error.code, "GW201");
      assert.match(error.message, /If it never comes back, add --gone m1/);
      return true;
    });
    process.env.GROUNDWORK_GONE = "m2";
    await assert.rejects(remove(), { code: "GW201" });
  });

  it("has nothing to give back where somebody said that it never comes back", async () => {
    process.env.GROUNDWORK_GONE = "m2,m1";
    await remove();
    assert.deepEqual(said, ["m1 does not answer and counts as gone: nothing was put back there"]);
  });

  it("gives everything back on a machine that answers, whatever was said of it", async () => {
    process.env.GROUNDWORK_GONE = "m1";
    ssh.refuse = () => undefined;
    await remove();
    assert.deepEqual(machine.asked, ["delete"]);
    assert.deepEqual(said, []);
  });

  it("has nothing to give back where another machine answers in place of one that is gone", async () => {
    ssh.refuse = () =>
      `Host key for ${aliasOf(connection)} has changed and you have requested strict checking.\nHost key verification failed.`;
    await assert.rejects(remove(), /GW202 .*If it never comes back, .*add --gone m1/);
    process.env.GROUNDWORK_GONE = "m1";
    await remove();
    assert.deepEqual(said, [
      "m1 counts as gone, another machine answers at its address: nothing was put back there",
    ]);
  });

  it("is refused where a machine that is said to be gone lets nobody in", async () => {
    process.env.GROUNDWORK_GONE = "m1";
    ssh.refuse = () => "root@192.0.2.1: Permission denied (publickey).";
    await assert.rejects(remove(), { code: "GW204" });
  });
});

describe("a delete whose machine answers with another key than the pinned one", () => {
  const renewed = { connection: { ...connection, hostKey: hostKeyOf("another") } };
  const changed = (alias: string): string =>
    `Host key for ${alias} has changed and you have requested strict checking.\nHost key verification failed.`;
  const giveUp = (more: Partial<HostStateInputs> = {}, wanted: Partial<HostStateInputs> = renewed) =>
    host().diff(call(), { inputs: inputsOf(more), outputs: kept }, inputsOf(wanted));

  beforeEach(() => {
    ssh.refuse = () => changed(aliasOf(connection));
  });

  it("is refused, and says how to go on when the machine was reinstalled", async () => {
    await assert.rejects(remove(), (error: GroundworkError) => {
      assert.equal(error.code, "GW202");
      assert.match(error.message, /\.\/groundwork trust m1 shows the new fingerprint/);
      return true;
    });
    // A preview or an update of something else says nothing of the pin.
    await giveUp({}, { items: [] });
    await assert.rejects(remove(), { code: "GW202" });
  });

  it("has nothing to give back when the program itself pins another key now", async () => {
    await giveUp();
    await remove();
    assert.deepEqual(said, ["the machine is not the one it was: nothing is left to restore"]);
  });

  it("has nothing to give back for a stream that left the program together with the pin", async () => {
    await giveUp();
    await remove({ stream: "bravo", items: [] }, "bravo-m1");
    await assert.rejects(remove({ connection: { ...connection, address: "192.0.2.2" } }), { code: "GW202" });
  });

  it("still gives back what an old machine holds that answers under the old pin", async () => {
    await giveUp();
    ssh.refuse = () => undefined;
    await remove();
    assert.deepEqual(machine.asked, ["delete"]);
    assert.deepEqual(said, []);
  });

  it("is refused when it is the key of the bastion, or nobody knows whose", async () => {
    const bastion: Connection = { ...connection, name: "gate", address: "192.0.2.9" };
    const behind = { connection: { ...connection, bastion } };
    await giveUp(behind);
    for (const words of [changed(aliasOf(bastion)), "Host key verification failed."]) {
      ssh.refuse = () => words;
      await assert.rejects(remove(behind), { code: "GW202" }, words);
    }
    ssh.refuse = () => changed(aliasOf(behind.connection));
    await remove(behind);
  });
});
