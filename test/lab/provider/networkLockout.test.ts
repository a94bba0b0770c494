import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { HostState } from "../../../provider/index.ts";
import { eventually } from "../../support/eventually.ts";
import { openTestEngine, type TestEngine } from "../../support/testEngine.ts";
import { openTestLab, type TestLab, type TestMachine } from "../../support/testLab.ts";

/** A wrong address locks everybody out of a real machine, which takes it back by itself. */
const deadmanSeconds = 20;
const file = "/etc/systemd/network/10-lab.network";
let lab: TestLab;
let machine: TestMachine;
let engine: TestEngine;
let original = "";
let networkBefore = "";

before(async () => {
  lab = await openTestLab({ name: "netlock", prefix: "10.95.8", machines: ["m1"] });
  machine = lab.machine("m1");
  engine = await openTestEngine({ environment: { GROUNDWORK_DEADMAN_SECONDS: String(deadmanSeconds) } });
  original = await machine.inside(`cat ${file}; printf x`).then((text) => text.slice(0, -1));
  networkBefore = await network();
});

after(async () => {
  await engine?.close();
  await lab?.close();
});

const network = async (): Promise<string> =>
  `${await machine.listing("/etc/systemd/network")}\n${await machine.inside("ip -o address show scope global | sed 's/\\\\.*//'; ip route; ip -6 route | grep -v '^fe80'")}`;
const addresses = () =>
  machine.inside("ip -4 -o address show dev host0 | awk '{ print $4 }' | sort | tr '\\n' ' '");
const uplink = (content: string) => () => {
  new HostState("uplink-m1", {
    connection: machine.connection,
    stream: "uplink",
    items: [{ kind: "network", name: "10-lab", network: content }],
  });
};
/** The machine with one more address. */
const second = () => `${original}\n[Address]\nAddress=10.95.8.77/24\n`;

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: machine.state.address, port: 22, timeout: 1000 });
    const done = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket
      .on("data", () => done(true))
      .on("error", () => done(false))
      .on("timeout", () => done(false));
  });
}

test("a second address is brought about over the network that it changes, and confirmed by one more login", async () => {
  const loginsBefore = await machine.logins();
  const run = await engine.up(uplink(second()));
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await addresses(), "10.95.8.11/24 10.95.8.77/24 ");
  assert.equal((await machine.logins()) - loginsBefore, 2);
});

test("a wrong address locks everybody out, and the machine takes it back by itself", async () => {
  const up = engine.up(uplink(second().replace("10.95.8.11/24", "10.95.8.99/24")));
  await eventually("the wrong address", async () => (await addresses()).includes("10.95.8.99/24"), 60);
  assert.equal(await answers(), false, "it really locked everybody out");
  await eventually(
    "the right address",
    async () => (await addresses()) === "10.95.8.11/24 10.95.8.77/24 ",
    deadmanSeconds + 15,
  );
  await eventually("an answer", answers, 5);
  const run = await up;
  assert.equal(run.succeeded, false);
  assert.match(run.messages.join("\n"), /GW307 m1/);
  assert.equal(await machine.inside(`cat ${file}; printf x`), `${second()}x`);
  assert.equal(await machine.inside("ls /etc/systemd/system | grep -c groundwork-revert || :"), "0");
  const again = await engine.up(uplink(second()));
  assert.equal(again.succeeded, true, again.messages.join("\n"));
  const operations = again.steps.map(({ operation }) => operation);
  assert.deepEqual(operations, ["refresh", "same"]);
});

test("what networkd would pass over is refused, and the network is as it was", async () => {
  const before = await network();
  const run = await engine.up(uplink(second().replace("Gateway", "Gatewey")));
  assert.equal(run.succeeded, false);
  assert.match(run.messages.join("\n"), /GW301 .*Unknown key '?(name '?)?Gatewey/s);
  assert.equal(await network(), before);
});

test("destroy puts the network back as it was", async () => {
  await engine.settle();
  const run = await engine.destroy();
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await network(), networkBefore);
  assert.equal(await machine.inside("test -e /var/lib/groundwork || echo gone"), "gone");
});
