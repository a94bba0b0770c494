import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exitCodeOf, readEverything, readItems } from "../../../cli/readings.ts";
import { driftListText, verifyText } from "../../../cli/readingText.ts";
import type { CheckResult, Reader } from "../../../provider/index.ts";
import { deploymentOf } from "./deployments.ts";

interface Answers {
  /** Drift of `/etc/STREAM.conf`, by machine and stream. */
  drift?: Record<string, string>;
  unreachable?: string[];
  check?: CheckResult["result"];
}

/** Machines as a test wants them; the real reader asks over SSH. */
function readerOf({ drift = {}, unreachable = [], check = "pass" }: Answers): Reader {
  return {
    async observe({ connection: { name }, stream }) {
      if (unreachable.includes(name)) return { drift: [], unreachable: `GW201 ${name}: no answer` };
      const observed = drift[`${name} ${stream}`];
      const item = `file:/etc/${stream}.conf`;
      return {
        machineId: "1",
        drift: observed === undefined ? [] : [{ item, observed, desired: "as it was" }],
      };
    },
    async verify(spec) {
      const machine = "connection" in spec ? spec.connection.name : "server-1";
      return (spec.checks ?? []).map(({ name }) => ({
        name,
        machine,
        result: unreachable.includes(machine) ? "fail" : check,
        seconds: 0.1,
        evidence: "as seen",
      }));
    },
    async close() {},
  };
}

const deployment = deploymentOf(["server-1", "agent-1"]);

describe("drift", () => {
  it("names each item that differs with what is there and what should be", async () => {
    const reading = await readItems(deployment, readerOf({ drift: { "agent-1 bravo": "gone" } }));
    assert.equal(exitCodeOf(reading), 1);
    assert.equal(
      driftListText(reading),
      "bravo: agent-1 file:/etc/bravo.conf: gone → as it was\n1 of 8 items are not as declared",
    );
  });

  it("is none when every item was read and is as declared", async () => {
    const reading = await readItems(deployment, readerOf({}));
    assert.equal(exitCodeOf(reading), 0);
    assert.equal(driftListText(reading), "no drift: 8 items are as declared");
  });

  it("is not known while a machine was not read, whatever the others say", async () => {
    const answers = { drift: { "agent-1 bravo": "gone" }, unreachable: ["server-1"] };
    const reading = await readItems(deployment, readerOf(answers));
    assert.equal(exitCodeOf(reading), 2);
    assert.match(driftListText(reading), /^not read: server-1 \(GW201 server-1: no answer\)$/m);
    const silent = await readItems(deployment, readerOf({ unreachable: ["server-1"] }));
    assert.match(driftListText(silent), /^4 items that were read are as declared$/m);
  });

  it("is not called none where nothing is deployed", async () => {
    const nothing = { version: 3, deployment: {} };
    await assert.rejects(readItems(nothing, readerOf({})), /GW705/);
    await assert.rejects(readEverything(nothing, readerOf({})), /GW705/);
  });

  it("goes on when the reading of one machine fails in a way that nobody foresaw", async () => {
    const reader = readerOf({});
    const observe = reader.observe;
    reader.observe = async (spec) => {
      if (spec.connection.name === "server-1") throw new Error("unforeseen");
      return observe(spec);
    };
    const reading = await readItems(deployment, reader);
    assert.deepEqual(reading.unread, { "server-1": "unforeseen" });
    assert.equal(reading.streams.flatMap(({ items }) => items).length, 4);
  });
});

describe("verify", () => {
  it("asks for every item and every check of hosts and gates", async () => {
    const checks = [{ name: "the gate's own", run: "true" }];
    const reading = await readEverything(deploymentOf(["server-1"], [], checks), readerOf({}));
    assert.deepEqual(
      reading.streams.map(({ stream, items, checks: ran }) => [
        stream,
        items.length,
        ran.map(({ name }) => name),
      ]),
      [
        ["alpha", 1, ["alpha works", "the gate's own"]],
        ["bravo", 1, ["bravo works"]],
        ["charlie", 1, ["charlie works"]],
        ["delta", 1, ["delta works"]],
      ],
    );
    assert.equal(exitCodeOf(reading), 0);
    assert.match(verifyText(reading), /^alpha: 1 of 1 items as declared, 2 of 2 checks pass$/m);
  });

  it("fails with the evidence of a failed check", async () => {
    const reading = await readEverything(deployment, readerOf({ check: "fail" }));
    assert.equal(exitCodeOf(reading), 1);
    assert.match(verifyText(reading), /✗ alpha works \(agent-1, 0\.1 s\): as seen/);
  });

  it("takes a skipped check for a failed one, and a waived one with its reason for a passed one", async () => {
    assert.equal(exitCodeOf(await readEverything(deployment, readerOf({ check: "skip" }))), 1);
    const checks = [{ name: "the moon is full", run: "true" }];
    const waived = await readEverything(
      deploymentOf(["server-1"], [], checks),
      readerOf({ check: "waived" }),
    );
    assert.equal(exitCodeOf(waived), 0);
    assert.match(verifyText(waived), /– the moon is full .*: waived, nobody waits for it/);
    assert.match(verifyText(waived), /2 waived/);
  });

  it("does not take the silence of a machine for a failed check", async () => {
    const reading = await readEverything(deployment, readerOf({ unreachable: ["agent-1"] }));
    assert.equal(exitCodeOf(reading), 2);
    const results = new Set(
      reading.streams.flatMap(({ checks }) => checks.map(({ machine, result }) => `${machine} ${result}`)),
    );
    assert.deepEqual([...results].sort(), ["agent-1 unread", "server-1 pass"]);
  });
});
