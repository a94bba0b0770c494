import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { GroundworkError } from "../../../errors/index.ts";
import type { Check } from "../../../provider/checks/check.ts";
import { runChecks } from "../../../provider/checks/runChecks.ts";
import type { Deployment } from "../../../provider/deployment/deployment.ts";
import { GateResource } from "../../../provider/resources/gate.ts";
import type { Properties } from "../../../provider/resources/resource.ts";
import { connection } from "./smallSpec.ts";

const unanswered = new GroundworkError("GW201", { where: "dead", what: "no answer" });

/** Machines as a test wants them: `dead` does not answer, on the others every check but `bad` passes. */
const deployment = {
  session: ({ name }: { name: string }) => ({
    async read({ checks = [] }: { checks?: Check[] }) {
      if (name === "dead") throw unanswered;
      if (name === "silent") return { checks: [] };
      return {
        checks: checks.map((check, index) => ({
          id: `c${index + 1}`,
          result: check.name === "bad" ? "fail" : "pass",
          seconds: 0,
          evidence: check.name === "bad" ? "as seen\n   at a second look\n" : "as seen",
        })),
      };
    },
  }),
} as unknown as Deployment;

const on = (machine: string, ...names: string[]): Check[] =>
  names.map((name) => ({ name, run: "true", on: { ...connection, name: machine } }));

describe("checks on a machine that is not reached", () => {
  it("fail and say that they did not run, and why", async () => {
    const [first] = await runChecks(deployment, on("dead", "one"), {});
    assert.deepEqual(first, {
      name: "one",
      machine: "dead",
      result: "fail",
      seconds: 0,
      evidence: unanswered.message,
      unreached: unanswered.message,
    });
  });

  it("are not confused with a check that was cut short on a machine that answers", async () => {
    const [first] = await runChecks(deployment, on("silent", "one"), {});
    assert.equal(first?.unreached, undefined);
    assert.equal(first?.evidence, "the check did not report its end");
  });

  it("do not count as waived: nothing was seen that could be excused", async () => {
    const [first] = await runChecks(deployment, on("dead", "one"), { one: "a reason" });
    assert.equal(first?.result, "fail");
  });
});

describe("a closed gate", () => {
  const reports = mkdtempSync(join(tmpdir(), "groundwork-test-"));
  before(() => {
    process.env.GROUNDWORK_REPORTS = reports;
  });
  after(() => {
    delete process.env.GROUNDWORK_REPORTS;
    rmSync(reports, { recursive: true });
  });

  const opening = (checks: Check[]): Promise<unknown> =>
    new GateResource(deployment).create(
      { urn: "urn:pulumi:dev::groundwork::groundwork:index:Gate::it", preview: false, timeout: 0 },
      { stream: "it", generations: {}, checks } as unknown as Properties,
    );

  it("names the machine that is not reached and the cause once, however many checks it has", async () => {
    const checks = [...on("dead", "one", "two", "three"), ...on("live", "good", "bad")];
    await assert.rejects(opening(checks), ({ message }: Error) => {
      assert.match(message, /^GW401 gate of it: 4 of 5 checks did not pass \(all evidence: .*\):\n/);
      assert.match(message, /\n {2}- 3 checks on dead could not run: GW201 dead: no answer/);
      assert.match(message, /\n {2}- bad \(live\): as seen\n {4}\| {4}at a second look\n/);
      assert.equal(message.split("no answer").length, 2);
      return true;
    });
  });

  it("names each check that failed with its evidence", async () => {
    await assert.rejects(opening(on("live", "bad")), /1 of 1 checks did not pass: bad \(live\): as seen/);
  });
});

describe("a gate whose machine is reached in another way", () => {
  const inputs = (more: object = {}): Properties =>
    ({
      stream: "it",
      generations: { "it-m1": "g" },
      checks: [{ name: "one", run: "true", on: { ...connection, ...more } }],
    }) as unknown as Properties;
  const changed = (more: object): string[] => {
    const call = { urn: "urn:pulumi:dev::groundwork::groundwork:index:Gate::it", preview: false, timeout: 0 };
    const old = { inputs: inputs(), outputs: { generation: "g", failing: [] } };
    return new GateResource(deployment).diff(call, old, inputs(more)).changes.map(({ path }) => path);
  };

  it("does not run its checks again", () => {
    assert.deepEqual(changed({ address: "192.0.2.7", port: 2222, user: "deploy" }), []);
  });

  it("runs them when it is another machine by its pin", () => {
    assert.deepEqual(changed({ hostKey: "ssh-ed25519 AAAAnew" }), ["checks"]);
  });
});
