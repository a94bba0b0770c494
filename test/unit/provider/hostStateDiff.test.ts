import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diffHostState, isOnlyAnotherWay } from "../../../provider/resources/hostStateDiff.ts";
import type { Properties } from "../../../provider/resources/resource.ts";
import { unknown } from "../../../provider/wire.ts";
import { connection as way } from "./smallSpec.ts";

const connection = { ...way } as unknown as Properties;
const other = { ...connection, name: "m2", address: "192.0.2.2", hostKey: "ssh-ed25519 AAAAm2" };
const inputs: Properties = {
  connection,
  stream: "alpha",
  items: [{ kind: "file", path: "/etc/a", content: "one" }],
  checks: [{ name: "the other one answers", run: "true", on: other }],
  tickets: { join: { from: [other, connection], issue: "echo x" } },
};
const outputs: Properties = { machineId: "1", generation: "g", drift: [] };
const kept = (seen: Properties = {}) => ({ inputs, outputs: { ...outputs, ...seen } });
const paths = (more: Properties, seen: Properties = {}): string[] =>
  diffHostState(kept(seen), { ...inputs, ...more }).changes.map(({ path }) => path);
const moved = (more: Properties, seen: Properties = {}): boolean =>
  isOnlyAnotherWay(kept(seen), { ...inputs, ...more });
const wayWith = (more: Properties): Properties => ({ connection: { ...connection, ...more } });

describe("a HostState whose machine is reached in another way", () => {
  it("is told by address, port, user, key, bastion and name", () => {
    const ways: Properties[] = [
      { address: "192.0.2.7" },
      { port: 2222 },
      { user: "deploy" },
      { privateKeyFile: "/other" },
      { bastion: other },
      { name: "m9" },
    ];
    for (const more of ways) assert.equal(moved(wayWith(more)), true, JSON.stringify(more));
    assert.deepEqual(paths(wayWith({ address: "192.0.2.7", port: 2222 })), [
      "connection.address",
      "connection.port",
    ]);
  });

  it("is still that where the old way was closed already", () => {
    assert.equal(moved(wayWith({ address: "192.0.2.7" }), { unreachable: "GW201" }), true);
  });

  it("is more than that where anything else is to change or drifted, or was never seen whole", () => {
    const address = wayWith({ address: "192.0.2.7" });
    assert.equal(moved({ ...address, items: [] }), false);
    assert.equal(moved({ ...address, facts: { a: { run: "true" } } }), false);
    assert.equal(moved(address, { drift: [{ item: "file:/etc/a" }] }), false);
    assert.equal(moved(address, { machineId: "" }), false);
    assert.equal(moved(address, { unfinished: true }), false);
    assert.equal(moved({}), false);
    assert.equal(moved({}, { unreachable: "GW201" }), false);
  });

  it("is another machine under another pin, or another identity", () => {
    for (const [more, seen] of [
      [wayWith({ address: "192.0.2.7", hostKey: "ssh-ed25519 AAAAnew" }), {}],
      [wayWith({ address: "192.0.2.7" }), { foundMachineId: "2" }],
    ] as const) {
      assert.equal(moved(more, seen), false);
      assert.deepEqual(diffHostState(kept(seen), { ...inputs, ...more }).replaces, ["connection.hostKey"]);
    }
  });

  it("is the same machine under a pin of another type, unless another one answers there or it was never known", () => {
    const rsa = { ...inputs, ...wayWith({ hostKey: "ssh-rsa AAAAnew" }) };
    const replaces = (answering?: string, seen: Properties = {}) =>
      diffHostState(kept(seen), rsa, answering).replaces;
    assert.deepEqual([replaces("1"), replaces()], [[], []]);
    assert.deepEqual(replaces("2"), ["connection.hostKey"]);
    assert.deepEqual(replaces("1", { machineId: "" }), ["connection.hostKey"]);
    assert.equal(moved(wayWith({ hostKey: "ssh-rsa AAAAnew" })), true);
  });

  it("is not known before the connection is", () => {
    assert.deepEqual(paths({ connection: unknown }), ["connection"]);
    assert.equal(moved({ connection: unknown }), false);
  });
});

describe("machines that checks and tickets name", () => {
  const named = (machine: Properties): Properties => ({
    checks: [{ name: "the other one answers", run: "true", on: machine }],
    tickets: { join: { from: [machine, connection], issue: "echo x" } },
  });

  it("count by their pins, not by the way to them", () => {
    assert.deepEqual(paths(named({ ...other, address: "192.0.2.9", user: "deploy" })), []);
    assert.deepEqual(paths(named({ ...other, hostKey: "ssh-ed25519 AAAAnew" })), ["checks", "tickets"]);
  });

  it("do not hide that something else is asked of them", () => {
    assert.deepEqual(paths({ checks: [{ name: "the other one answers", run: "false", on: other }] }), [
      "checks",
    ]);
    assert.deepEqual(paths({ tickets: { join: { from: [connection, other], issue: "echo x" } } }), [
      "tickets",
    ]);
  });
});
