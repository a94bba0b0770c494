import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import { ownerOf, type Wanted } from "../../../provider/engine/program.ts";
import type { HostStateInputs, Item } from "../../../provider/index.ts";
import { HostStateResource } from "../../../provider/resources/hostState.ts";
import type { Properties } from "../../../provider/resources/resource.ts";
import { parseReport, type Report } from "../../../provider/session/report.ts";
import { FakeMachine } from "../../support/fakeMachine.ts";
import { openFakeSsh } from "../../support/fakeSsh.ts";
import { CutMachine } from "./cutMachine.ts";
import { connection, operation } from "./smallSpec.ts";

const guards = [{ name: "nobody else is here", run: "echo someone; false" }];
const joins: Item = { kind: "command", name: "joins", run: "true", unless: "false", ticket: "join" };
const sha256 = "0".repeat(64);

describe("a machine that a guard refuses", () => {
  let machine: CutMachine;
  beforeEach(() => {
    machine = new CutMachine();
  });
  afterEach(() => machine.close());

  /** Of a download that no mirror gives, and of a command that consumes a ticket. */
  const ask = (action: "mirrors" | "request" | "apply", more?: Partial<Wanted>): Report => {
    const path = join(machine.tree, "tool");
    const download: Item = { kind: "download", path, urls: ["http://127.0.0.1:9/tool"], sha256 };
    const items = action === "mirrors" ? [download] : [download, joins];
    return parseReport(machine.run({ items, ...more }, action) ?? "");
  };

  it("is left without a trace by what goes before a change: no folder, no lease, no request", () => {
    for (const action of ["mirrors", "request", "apply"] as const) {
      const report = ask(action, { guards });
      assert.deepEqual([report.guarded, report.succeeded], [true, false], action);
      assert.deepEqual([report.unreached, report.requests], [[], {}], action);
      assert.ok(action === "apply" || !existsSync(machine.root), action);
    }
  });

  it("is asked for what it needs where the guard is waived or holds", () => {
    const skips = [{ name: "nobody else is here", run: "exit 77" }];
    const waivers = { "nobody else is here": "we know them" };
    for (const more of [{}, { guards: skips, waivers }]) {
      assert.deepEqual(ask("mirrors", more).unreached, [1]);
      assert.deepEqual(Object.keys(ask("request", more).requests), ["join"]);
    }
  });

  it("is not refused before what an interruption left there is put back: that may be what the guard sees", () => {
    mkdirSync(join(machine.root, "transactions", ownerOf(operation.urn)), { recursive: true });
    assert.deepEqual(ask("mirrors", { guards }).unreached, [1]);
  });
});

describe("a HostState with guards", () => {
  const download: Item = { kind: "download", path: "/usr/bin/tool", urls: ["http://a/tool"], sha256 };
  const tickets = { join: { from: [connection], issue: "echo token" } };

  it("has them asked by the first program that its machine gets, and is refused with their evidence", async () => {
    const ssh = await openFakeSsh();
    const silent = { info: () => undefined, warning: () => undefined, status: () => undefined };
    const deployment = new Deployment(silent);
    const evidence = Buffer.from("someone").toString("base64");
    try {
      for (const [first, items] of [
        ["mirrors", [download, joins]],
        ["request", [joins]],
      ] as const) {
        const machine = new FakeMachine((action, program) =>
          action === "leave" || program.includes("gw_guards=''")
            ? ["end ok"]
            : ["machine 1", `check g1 fail 0 ${evidence}`, "guarded", "end failed"],
        );
        ssh.answer = async (command) => (await machine.answer(command)) ?? {};
        const inputs: HostStateInputs = { connection, stream: "alpha", items: [...items], tickets, guards };
        const call = { urn: operation.urn, preview: false, timeout: 0 };
        const created = new HostStateResource(deployment).create(call, inputs as unknown as Properties);
        await assert.rejects(created, /^GroundworkError: GW402 m1 \(alpha\): nobody else is here: someone/);
        assert.deepEqual(machine.asked, [first]);
      }
    } finally {
      await deployment.close();
      await ssh.close();
    }
  });
});
