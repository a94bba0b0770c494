import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { newsLine } from "../../../cli/progress/lines.ts";
import { errorText, plainText } from "../../../cli/progress/messageText.ts";
import { advance, newRun } from "../../../cli/progress/model.ts";
import { summarise, summaryText } from "../../../cli/progress/summary.ts";
import { tableText } from "../../../cli/progress/table.ts";
import { recorded, replay } from "./events.ts";

const plain = { good: (text: string) => text, bad: (text: string) => text, dim: (text: string) => text };
const succeeded = { succeeded: true, said: "" };
const failed = { succeeded: false, said: "update failed" };

const linesOf = (name: string): string[] =>
  replay(name)
    .news.map(newsLine)
    .filter((line) => line !== undefined)
    // Times differ from run to run; the rest does not.
    .map((line) => line.replace(/ \(\d+\.\d s\)$/, "").replace(/^ *\d+\.\d s {2}/, ""));

describe("progress without a terminal", () => {
  it("has a line for the beginning and the end of each change, and for what the machines say", () => {
    assert.deepEqual(linesOf("firstUp").sort(), [
      "alpha agent-1           bringing about",
      "alpha agent-1           changed file:/etc/try.conf",
      "alpha agent-1           done",
      "alpha gate              checking",
      "alpha gate              open: 1 of 2 checks pass, waived: time is synchronised on agent-1",
      "alpha server-1          bringing about",
      "alpha server-1          changed file:/etc/try.conf",
      "alpha server-1          done",
      "bravo agent-1           bringing about",
      "bravo agent-1           changed sysctl:net.ipv4.tcp_fin_timeout, file:/etc/secret.conf",
      "bravo agent-1           done",
      "bravo gate              checking",
      "bravo gate              open: 1 of 1 checks pass",
    ]);
  });

  it("has one line for each machine that was read and left as it was", () => {
    assert.deepEqual(linesOf("secondUp").sort(), [
      "alpha agent-1           read",
      "alpha gate              asked",
      "alpha server-1          read",
      "bravo agent-1           read",
      "bravo gate              asked",
    ]);
  });

  it("shows the elapsed seconds first and the step's own last", () => {
    const line = replay("firstUp").news.map(newsLine).at(1);
    assert.match(line ?? "", /^ {3}\d\.\d s {2}alpha /);
  });

  it("shows a warning where it occurs and leaves errors to the end", () => {
    const lines = linesOf("unreachableMachine");
    const warnings = lines.filter((line) => /warning: GW201 agent-1: .*timed out/.test(line));
    assert.equal(warnings.length, 1, "one warning for a machine, however many streams ask it");
    assert.ok(lines.includes("bravo agent-1           not reached"));
    assert.ok(lines.includes("alpha agent-1           failed"));
    assert.ok(!lines.some((line) => /error/.test(line)));
  });

  it("calls it rolling back when a stream is taken away", () => {
    const lines = linesOf("destroy");
    assert.ok(lines.includes("alpha server-1          rolling back"));
    assert.ok(lines.includes("alpha server-1          rolled back"));
    assert.ok(lines.includes("bravo gate              removed"));
  });
});

describe("progress on a terminal", () => {
  it("is a table with one row for each machine of each stream and each gate", () => {
    const { run } = replay("firstUp");
    const rows = tableText(run, 12.4, 120, plain).split("\n");
    assert.deepEqual(rows.map((row) => row.slice(0, 17).trim()).sort(), [
      "12 s",
      "✓ alpha agent-1",
      "✓ alpha gate",
      "✓ alpha server-1",
      "✓ bravo agent-1",
      "✓ bravo gate",
    ]);
  });

  it("shows what is under way with its own time", () => {
    const run = recorded("firstUp")
      .filter(({ at }) => at < 2.0)
      .reduce((so, { at, event }) => advance(so, event, at).run, newRun());
    const rows = tableText(run, 3.7, 120, plain).split("\n");
    assert.match(rows[0] ?? "", /^\S alpha agent-1 +2\.0 s {2}bringing about$/);
    assert.equal(rows.length, 3);
  });

  it("never is wider than the terminal", () => {
    const { run } = replay("closedGate");
    for (const width of [20, 40, 80])
      for (const row of tableText(run, 3, width, plain).split("\n")) assert.ok(row.length <= width, row);
  });

  it("replaces the words for a step by what the provider says it is doing", () => {
    const [first] = recorded("firstUp").filter(
      ({ event }) => event.resourcePreEvent?.metadata.op === "create",
    );
    assert.ok(first);
    const { run } = advance(newRun(), first.event, 1);
    const urn = first.event.resourcePreEvent?.metadata.urn;
    const status = {
      urn,
      message: "item 3 of 9",
      color: "never",
      severity: "info" as const,
      ephemeral: true,
    };
    const { run: next, news } = advance(run, { sequence: 0, timestamp: 0, diagnosticEvent: status }, 2);
    assert.match(tableText(next, 2, 80, plain), /item 3 of 9/);
    assert.deepEqual(news, []);
  });
});

describe("the summary of a run", () => {
  it("has for each stream what was changed, what its gate says, waivers with their reason, and the time", () => {
    const text = summaryText(summarise(replay("firstUp").run, succeeded), "nothing changed");
    assert.match(
      text,
      /^alpha {6}changed: agent-1, server-1; gate: 1 of 2 checks pass, waived: .*; 0\.4 s$/m,
    );
    assert.match(text, /^ +waived: time is synchronised \(no clock in a container\)$/m);
    assert.match(text, /^bravo {6}changed: agent-1; gate: 1 of 1 checks pass; 0\.\d s$/m);
    assert.match(text, /^done after 2\.\d s$/m);
    assert.doesNotMatch(text, /nothing changed/);
  });

  it("says so when nothing was changed", () => {
    const text = summaryText(summarise(replay("secondUp").run, succeeded), "nothing changed");
    assert.match(text, /^alpha {6}unchanged: agent-1, server-1; gate: /m);
    assert.match(text, /^nothing changed$/m);
  });

  it("names only what was mended after a drift", () => {
    const { streams } = summarise(replay("mendedDrift").run, succeeded);
    assert.deepEqual(
      streams.map(({ stream, changed }) => [stream, changed]),
      [
        ["alpha", ["server-1"]],
        ["bravo", []],
      ],
    );
  });

  it("names the gate that stayed closed, with the coded error once and without its echoes", () => {
    const summary = summarise(replay("closedGate").run, failed);
    assert.equal(summary.succeeded, false);
    assert.deepEqual(summary.streams[0]?.failed, ["gate"]);
    assert.equal(summary.streams[0]?.gate, undefined, "its words are from before");
    assert.equal(summary.errors.length, 1);
    assert.match(summary.errors[0] ?? "", /^GW401 gate of alpha: 1 of 3 checks: the moon is full/);
  });

  it("calls nothing unchanged that waits behind the gate that stayed closed, and names the gate", () => {
    const text = summaryText(summarise(replay("closedGate").run, failed), "");
    assert.match(text, /^bravo {6}not reached: agent-1: waits for the gate of alpha$/m);
    assert.match(text, /^alpha {6}unchanged: agent-1, server-1; failed: gate$/m);
  });

  it("calls nothing unchanged whose turn never came, or that was under way when the run was interrupted", () => {
    const events = recorded("mendedDrift");
    const began = events.findIndex(({ event }) => event.resourcePreEvent?.metadata.op === "update");
    const run = events
      .slice(0, began + 1)
      .reduce((so, { at, event }) => advance(so, event, at).run, newRun());
    const summary = summarise(run, { succeeded: false, said: "error: update canceled" });
    const text = summaryText(summary, "");
    assert.match(text, /^alpha {6}.*cut off: server-1$/m);
    assert.match(text, /^bravo {6}not reached: agent-1: the run ended before its turn$/m);
    assert.doesNotMatch(text, /unchanged: [^;]*server-1|gate: /);
    assert.deepEqual(summary.errors, ["GW310: interrupted before its end. Run it again when you like"]);
  });

  it("names machines that were not reached, and is no success with one", () => {
    const { run } = replay("unreachableMachine");
    const summary = summarise(run, failed);
    assert.deepEqual(Object.keys(summary.unreachable), ["agent-1"]);
    assert.match(summaryText(summary, ""), /^unreachable: agent-1 \(GW201 /m);
    assert.equal(summarise(run, succeeded).succeeded, false);
  });

  it("shows nothing of an earlier run for a machine that was not reached", () => {
    const text = summaryText(summarise(replay("unreachableMachine").run, failed), "");
    assert.match(
      text,
      /^bravo {6}not reached: agent-1; gate: did not pass when it was asked: fine \(agent-1\)$/m,
    );
    assert.match(text, /^alpha {6}changed: server-1; failed: agent-1; \d+\.\d s$/m);
    assert.doesNotMatch(text, /checks pass|unchanged/);
  });

  it("gives no count of a gate that asked nothing of a machine that was not reached", () => {
    const events = structuredClone(recorded("unreachableMachine"));
    for (const { event } of events) {
      const outputs = event.resOutputsEvent?.metadata.new?.outputs;
      if (Array.isArray(outputs?.failing)) outputs.failing = [];
    }
    const run = events.reduce((so, { at, event }) => advance(so, event, at).run, newRun());
    const bravo = summarise(run, failed).streams.find(({ stream }) => stream === "bravo");
    assert.equal(bravo?.gate, "not asked for all of its machines");
    assert.deepEqual([bravo?.notReached, bravo?.unchanged], [["agent-1"], []]);
  });

  it("tells what was taken away", () => {
    const text = summaryText(summarise(replay("destroy").run, succeeded), "nothing was there");
    assert.match(text, /^alpha {6}removed: agent-1, server-1; 0\.\d s$/m);
    assert.doesNotMatch(text, /nothing was there|gate:/);
  });

  it("is a success where everything is gone, also what was on a machine that was not reached", () => {
    const destroyed = (gone: (op: string) => boolean) => {
      const events = structuredClone(recorded("destroy")).filter(
        ({ event }) => event.resOutputsEvent === undefined || gone(event.resOutputsEvent.metadata.op),
      );
      for (const { event } of events) {
        const metadata = (event.resourcePreEvent ?? event.resOutputsEvent)?.metadata;
        if (!metadata?.urn.endsWith("::alpha-agent-1")) continue;
        for (const state of [metadata.op === "delete" ? metadata.old : undefined, metadata.new])
          if (state) state.outputs.unreachable = "GW201 agent-1: no answer";
      }
      return events.reduce((so, { at, event }) => advance(so, event, at).run, newRun());
    };
    const whole = summarise(
      destroyed(() => true),
      succeeded,
    );
    assert.deepEqual([whole.succeeded, whole.unreachable], [true, {}]);
    const half = summarise(
      destroyed((op) => op === "refresh"),
      succeeded,
    );
    assert.deepEqual([half.succeeded, Object.keys(half.unreachable)], [false, ["agent-1"]]);
  });

  it("takes the engine's own words where no event told what is wrong", () => {
    const said = "error: could not load the program\n    at main.ts:1\n    at other.ts:2";
    assert.deepEqual(summarise(newRun(), { succeeded: false, said }).errors, ["could not load the program"]);
  });
});

describe("words of the engine", () => {
  it("lose their colour marks", () => {
    assert.equal(plainText("<{%fg 1%}>error: <{%reset%}>no\n"), "error: no");
  });

  it("lose what is wrapped around a coded error, and its stack", () => {
    const wrapped = "updating urn:x: 1 error occurred:\n\t* GW301 m1: file:/a. Read it\n    at x.ts:1";
    assert.equal(errorText(wrapped), "GW301 m1: file:/a. Read it");
  });

  it("are GW310 for an operation that was interrupted, once or twice", () => {
    for (const text of ["error: update canceled", "error: error: update cancelled", "destroy cancelled"])
      assert.match(errorText(text), /^GW310: /);
  });

  it("are nothing where they only say that something else failed", () => {
    for (const echo of ["update failed", "Error: resource a [b:c:D] failed to register\n    at x"])
      assert.equal(errorText(echo), "");
  });

  it("keep a refused property readable", () => {
    const message =
      "groundwork:index:HostState resource 'alpha-agent-1': property items[1].path value {<nil>} has a problem: must not lie under /proc";
    assert.equal(errorText(message), "alpha-agent-1 items[1].path: must not lie under /proc");
  });

  it("of the debugger are not shown: they may hold values", () => {
    const event = { message: "secret", color: "never", severity: "debug" } as unknown as { message: string };
    const diagnosticEvent = event as never;
    assert.deepEqual(advance(newRun(), { sequence: 0, timestamp: 0, diagnosticEvent }, 0).news, []);
  });
});
