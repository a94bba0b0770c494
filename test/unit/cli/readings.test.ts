import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exitCodeOf, readEverything, readItems } from "../../../cli/readings/readings.ts";
import { driftListText, verifyText } from "../../../cli/readings/readingText.ts";
import { labAdvice } from "../../../cli/readings/unreadAdvice.ts";
import type { Check, CheckResult, Reader } from "../../../provider/index.ts";
import { deploymentOf, secret } from "./deployments.ts";

interface Answers {
  /** Drift of `/etc/STREAM.conf`, by machine and stream. */
  drift?: Record<string, string>;
  unreachable?: string[];
  check?: CheckResult["result"];
  /** Hears of every check that is run. */
  tried?: (check: Check) => void;
  /** Machines that are there for their items and gone for their checks. */
  lost?: string[];
}

/** Machines as a test wants them; the real reader asks over SSH. */
function readerOf({
  drift = {},
  unreachable = [],
  check: result = "pass",
  tried = () => undefined,
  lost = [],
}: Answers): Reader {
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
      const own = "connection" in spec ? spec.connection.name : "";
      return (spec.checks ?? []).map((check) => {
        tried(check);
        const machine = check.on?.name ?? own;
        const found = { name: check.name, machine, seconds: 0.1 };
        if (!lost.includes(machine)) return { ...found, result, evidence: "as seen" };
        const unreached = `GW201 ${machine}: no answer`;
        return { ...found, result: "fail", evidence: unreached, unreached };
      });
    },
    async close() {},
  };
}

/** A check of a gate, from one machine. */
const gateCheck = (name: string, machine: string, more: Partial<Check> = {}): Check => ({
  name,
  run: "true",
  on: { name: machine, address: "192.0.2.1", hostKey: "ssh-ed25519 AAAA" },
  ...more,
});

const deployment = deploymentOf(["server-1", "agent-1"]);

describe("drift", () => {
  it("is asked for with the names of the items that have a secret", async () => {
    const told: string[][] = [];
    const reader = readerOf({});
    await readItems(deployment, {
      ...reader,
      observe: (spec) => {
        told.push(spec.secretItems);
        return reader.observe(spec);
      },
    });
    assert.deepEqual(told[0], ["file:/etc/alpha.conf"]);
    assert.equal(told.length, 8);
  });

  it("names each item that differs with what is there and what should be", async () => {
    const reading = await readItems(deployment, readerOf({ drift: { "agent-1 bravo": "gone" } }));
    assert.equal(exitCodeOf(reading, true), 1);
    assert.equal(
      driftListText(reading),
      "bravo: agent-1 file:/etc/bravo.conf: gone => as it was\n1 of 8 items are not as declared",
    );
  });

  it("is none when every item was read and is as declared", async () => {
    const reading = await readItems(deployment, readerOf({}));
    assert.equal(exitCodeOf(reading, true), 0);
    assert.equal(driftListText(reading), "no drift: 8 items are as declared");
  });

  it("is not known while a machine was not read, whatever the others say", async () => {
    const answers = { drift: { "agent-1 bravo": "gone" }, unreachable: ["server-1"] };
    const reading = await readItems(deployment, readerOf(answers));
    assert.equal(exitCodeOf(reading, true), 2);
    assert.match(driftListText(reading), /^not reached: server-1: GW201 server-1: no answer$/m);
    assert.match(driftListText(reading), /^1 of 8 items are not as declared, 4 were not read$/m);
    const silent = await readItems(deployment, readerOf({ unreachable: ["server-1"] }));
    assert.match(driftListText(silent), /^4 of 8 items are as declared, 4 were not read$/m);
  });

  it("is called none of what stands only, where something declared does not stand", async () => {
    const reading = await readItems(deployment, readerOf({}));
    assert.equal(exitCodeOf(reading, false), 1);
    assert.equal(
      driftListText(reading, () => undefined, false),
      "no drift of what stands: 8 items are as declared",
    );
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
    const items = reading.streams.flatMap((stream) => stream.items);
    assert.deepEqual(
      items.map(({ machine, asDeclared }) => `${machine} ${asDeclared}`),
      Array(4).fill(["server-1 null", "agent-1 true"]).flat(),
    );
  });
});

describe("verify", () => {
  it("asks for every item and every check of hosts and gates", async () => {
    const checks = [gateCheck("the gate's own", "server-1")];
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
    assert.equal(exitCodeOf(reading, true), 0);
    assert.match(
      verifyText(reading),
      /^alpha: 1 of 1 items as declared; gate: 1 of 1 checks pass; hosts: 1 of 1 checks pass$/m,
    );
  });

  it("hands over the secrets of each host and gate, which no evidence may repeat", async () => {
    const told: unknown[] = [];
    const reader = readerOf({});
    const gated = deploymentOf(
      ["server-1"],
      [],
      [{ ...gateCheck("a gate's", "server-1"), run: secret("hush") }],
    );
    await readEverything(gated, {
      ...reader,
      verify: (spec, secrets) => {
        told.push(["connection" in spec ? "host" : "gate", secrets]);
        return reader.verify(spec, secrets);
      },
    });
    assert.deepEqual(told, [...Array(4).fill(["host", ["hidden"]]), ["gate", ["hush"]]]);
  });

  it("fails with the evidence of a failed check", async () => {
    const reading = await readEverything(deployment, readerOf({ check: "fail" }));
    assert.equal(exitCodeOf(reading, true), 1);
    assert.match(verifyText(reading), /✗ alpha works \(agent-1, 0\.1 s\): as seen/);
  });

  it("takes a skipped check for a failed one, and a waived one with its reason for a passed one", async () => {
    assert.equal(exitCodeOf(await readEverything(deployment, readerOf({ check: "skip" })), true), 1);
    const checks = [gateCheck("the moon is full", "server-1")];
    const waived = await readEverything(
      deploymentOf(["server-1"], [], checks),
      readerOf({ check: "waived" }),
    );
    assert.equal(exitCodeOf(waived, true), 0);
    assert.match(verifyText(waived), /– the moon is full .*: waived, nobody waits for it/);
    assert.match(verifyText(waived), /gate: 0 of 1 checks pass, 1 waived/);
  });

  it("tells of each host and gate as soon as it has answered, whatever others wait for", async () => {
    const checks = [gateCheck("the gate's own", "server-1")];
    const told: string[] = [];
    const reader = readerOf({});
    let release = (): void => undefined;
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const reading = readEverything(
      deploymentOf(["server-1"], [], checks),
      {
        ...reader,
        verify: async (spec, secrets) => {
          if (!("connection" in spec)) await slow;
          return reader.verify(spec, secrets);
        },
      },
      (line) => {
        told.push(line);
        if (told.length === 8) release();
      },
    );
    await reading;
    assert.deepEqual(told.slice(0, 4), [
      "server-1 alpha: 1 of 1 items as declared",
      "server-1 bravo: 1 of 1 items as declared",
      "server-1 charlie: 1 of 1 items as declared",
      "server-1 delta: 1 of 1 items as declared",
    ]);
    assert.equal(told[4], "server-1 alpha: 1 of 1 checks pass or are waived");
    assert.equal(told[8], "gate of alpha: 1 of 1 checks pass or are waived");
  });

  it("names at once what does not pass", async () => {
    const told: string[] = [];
    await readEverything(deployment, readerOf({ check: "fail" }), (line) => told.push(line));
    assert.ok(told.includes("agent-1 alpha: 0 of 1 checks pass or are waived; not: alpha works (agent-1)"));
    const silent: string[] = [];
    await readEverything(deployment, readerOf({ unreachable: ["agent-1"] }), (line) => silent.push(line));
    assert.ok(silent.includes("agent-1 alpha: not reached"));
    assert.ok(silent.includes("agent-1 alpha: 0 of 1 checks pass or are waived; 1 could not run"));
  });

  it("says why it counts more checks than up", async () => {
    const reading = await readEverything(
      deploymentOf(["server-1"], [], [gateCheck("the gate's own", "server-1")]),
      readerOf({}),
    );
    assert.match(verifyText(reading), /^5 checks: 1 of gates, which is what up counts, and 4 of hosts/m);
  });
});

describe("verify with a machine that is not there", () => {
  const checks = [
    gateCheck("from the dead one", "agent-1"),
    gateCheck("towards the dead one", "server-1", { within: 120, timeLimit: 240 }),
    gateCheck("a quick one", "server-1", { timeLimit: 5 }),
  ];
  const two = deploymentOf(["server-1", "agent-1"], ["agent-1"], checks);

  it("does not take its silence for a failed check", async () => {
    const reading = await readEverything(deployment, readerOf({ unreachable: ["agent-1"] }));
    assert.equal(exitCodeOf(reading, true), 2);
    const results = new Set(
      reading.streams.flatMap(({ checks: ran }) => ran.map(({ machine, result }) => `${machine} ${result}`)),
    );
    assert.deepEqual([...results].sort(), ["agent-1 unread", "server-1 pass"]);
  });

  it("tries no check on it, and the others once and shortly", async () => {
    const tried: Check[] = [];
    await readEverything(two, readerOf({ unreachable: ["agent-1"], tried: (check) => tried.push(check) }));
    const names = tried.map(({ name, within, timeLimit }) => `${name} ${within} ${timeLimit}`);
    assert.deepEqual(names.sort(), [
      "a quick one 0 5",
      "alpha works 0 20",
      "bravo works 0 20",
      "charlie works 0 20",
      "delta works 0 20",
      "towards the dead one 0 20",
    ]);
  });

  it("gives each try its time while every machine is there, and hardly waits for what does not hold", async () => {
    const tried: Check[] = [];
    await readEverything(two, readerOf({ tried: (check) => tried.push(check) }));
    const patient = tried.find(({ name }) => name === "towards the dead one");
    assert.deepEqual([patient?.within, patient?.timeLimit], [5, 240]);
    assert.equal(tried.find(({ name }) => name === "a quick one")?.within, 0);
  });

  it("names it first, and its cause once, with what to do and what is not known", async () => {
    const reading = await readEverything(two, readerOf({ unreachable: ["agent-1"] }));
    const text = verifyText(reading, labAdvice(two, "dev"));
    assert.equal(
      text.split("\n").slice(0, 5).join("\n"),
      `not reached: agent-1: GW201 agent-1: no answer
  It is of the lab: ./groundwork up starts it again, ./groundwork lab heal agent-1 network plugs it in
  4 items on agent-1 could not be read
  5 checks on agent-1 could not run: alpha 2, bravo 1, charlie 1, delta 1
  the others were tried once, for at most 20 s each: they may ask for agent-1`,
    );
    assert.equal(text.split("no answer").length, 2);
    assert.doesNotMatch(text, /from the dead one|alpha works \(agent-1/);
  });

  it("counts what could not be read or run, instead of leaving it out", async () => {
    const reading = await readEverything(two, readerOf({ unreachable: ["agent-1"] }));
    assert.match(
      verifyText(reading),
      /^alpha: 1 of 2 items as declared, 1 not read; gate: 2 of 3 checks pass, 1 could not run; hosts: 1 of 2 checks pass, 1 could not run$/m,
    );
  });

  it("holds every check with result and evidence for machines that read it", async () => {
    const reading = await readEverything(two, readerOf({ unreachable: ["agent-1"] }));
    const ran = reading.streams.flatMap((stream) => stream.checks);
    assert.equal(ran.length, 3 + 8);
    const dead = ran.find(({ name }) => name === "from the dead one");
    assert.deepEqual(dead, {
      name: "from the dead one",
      machine: "agent-1",
      result: "unread",
      seconds: 0,
      evidence: "GW201 agent-1: no answer",
      of: "gate",
    });
  });

  it("tells of a machine that went away in between", async () => {
    const reading = await readEverything(two, readerOf({ lost: ["agent-1"] }));
    assert.equal(exitCodeOf(reading, true), 2);
    const text = verifyText(reading);
    assert.match(
      text,
      /^not reached: agent-1: GW201 agent-1: no answer\n {2}5 checks on agent-1 could not run/,
    );
    assert.equal(text.split("no answer").length, 2);
  });

  it("gives advice on the stack that was asked for, and for machines of the lab only", () => {
    assert.match(labAdvice(two, "other")("agent-1") ?? "", /up --stack other .*network --stack other/);
    assert.equal(labAdvice(two, "dev")("server-1"), undefined);
  });
});
