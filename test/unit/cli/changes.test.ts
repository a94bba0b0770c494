import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plannedChanges, planText, valueText } from "../../../cli/progress/changes.ts";
import { recorded } from "./events.ts";

const planOf = (name: string) => plannedChanges(recorded(name).map(({ event }) => event));

describe("the plan that a preview shows", () => {
  it("has every item of what is new, with what could not be put back exactly", () => {
    assert.equal(
      planText(planOf("firstPreview")),
      [
        "create  alpha server-1",
        "  + file:/etc/try.conf",
        "create  alpha agent-1",
        "  + file:/etc/try.conf",
        "create  alpha gate",
        "create  bravo agent-1",
        "  + sysctl:net.ipv4.tcp_fin_timeout",
        "  + file:/etc/secret.conf",
        "create  bravo gate",
        "5 resources to change",
      ].join("\n"),
    );
  });

  it("says nothing of the machines where an error ended the preview", () => {
    assert.equal(planText([]), "nothing to change: every machine was read and is as declared");
    assert.equal(planText([], false), "no plan: an error ended the preview");
    const cut = planText(planOf("firstPreview"), false);
    assert.match(cut, /^5 resources to change, or more: an error ended the preview$/m);
  });

  it("says beside an item what a failed operation would not put back, or only an equivalent of it", () => {
    const events = structuredClone(recorded("firstPreview").map(({ event }) => event));
    const inputs = events.find(({ resourcePreEvent }) => resourcePreEvent?.metadata.new?.inputs.items)
      ?.resourcePreEvent?.metadata.new?.inputs;
    assert.ok(inputs);
    const init = { kind: "command", name: "init", run: "true", unless: "false" };
    inputs.items = [{ kind: "package", name: "curl" }, { ...init, undo: "true" }, init];
    assert.deepEqual(planText(plannedChanges(events)).split("\n").slice(0, 4), [
      "create  alpha server-1",
      "  + package:curl (restores: equivalent)",
      "  + command:init (restores: equivalent)",
      "  + command:init (restores: not)",
    ]);
  });

  it("has the changed field of an item with its old and new value", () => {
    const change = planOf("previewOfChange").find(({ subject }) => subject === "server-1");
    assert.deepEqual(change?.details, [
      { change: "update", what: "file:/etc/try.conf content", before: '"one\\n"', after: '"two\\n"' },
    ]);
  });

  it("names both the item that went and the one that took its place", () => {
    const events = structuredClone(recorded("previewOfChange").map(({ event }) => event));
    const metadata = events.find(
      ({ resourcePreEvent }) => resourcePreEvent?.metadata.detailedDiff !== undefined,
    )?.resourcePreEvent?.metadata;
    assert.ok(metadata?.old && metadata.new);
    metadata.old.inputs.items = [{ kind: "file", path: "/etc/a", content: "" }];
    metadata.new.inputs.items = [{ kind: "sysctl", name: "net.a", value: "1" }];
    metadata.detailedDiff = { "items[0]": { diffKind: "update", inputDiff: true } } as never;
    assert.deepEqual(plannedChanges(events)[0]?.details, [
      { change: "delete", what: "file:/etc/a" },
      { change: "add", what: "sysctl:net.a" },
    ]);
  });

  it("has what a machine shows instead of what was brought about", () => {
    const [change] = planOf("previewOfDrift");
    assert.equal(change?.subject, "server-1");
    assert.equal(change?.details[0]?.change, "drift");
    assert.equal(change?.details[0]?.what, "file:/etc/try.conf");
    assert.match(planText(planOf("previewOfDrift")), /^ {2}~ file:\/etc\/try\.conf: .* => .*/m);
  });

  it("says that the state is not certain where an operation's end was never seen", () => {
    const events = structuredClone(recorded("previewOfDrift").map(({ event }) => event));
    const step = events.find(({ resourcePreEvent }) => resourcePreEvent?.metadata.detailedDiff);
    assert.ok(step?.resourcePreEvent);
    step.resourcePreEvent.metadata.detailedDiff = {
      unfinished: { diffKind: "delete", inputDiff: false },
    } as never;
    assert.match(
      planText(plannedChanges(events)),
      /^ {2}~ the end of an earlier operation was never seen: everything is brought about again$/m,
    );
  });

  it("says in plain words what was found, and what of a resource changes beside its items", () => {
    const events = structuredClone(recorded("previewOfDrift").map(({ event }) => event));
    const step = events.find(({ resourcePreEvent }) => resourcePreEvent?.metadata.detailedDiff);
    const metadata = step?.resourcePreEvent?.metadata;
    assert.ok(metadata?.old);
    metadata.old.outputs.failing = ["fine (agent-1)", "fast (agent-1)"];
    metadata.old.outputs.unreachable = "GW201 agent-1: no answer";
    const diff = { diffKind: "update", inputDiff: true };
    const parts = [
      "unreachable",
      "failing",
      "state",
      "generations",
      "tickets",
      "connection.address",
      "roles",
    ];
    metadata.detailedDiff = Object.fromEntries(parts.map((part) => [part, diff])) as never;
    const [resource, ...lines] = planText(plannedChanges(events)).split("\n");
    assert.match(resource ?? "", /^update /);
    assert.deepEqual(lines.slice(0, parts.length), [
      "  ~ its machine was not reached, it is tried again",
      "  ~ checks did not pass when it was read, they are run again: fine (agent-1), fast (agent-1)",
      "  ~ it does not run, it is started",
      "  ~ its hosts change, so its checks are run again",
      "  ~ which host it takes a join ticket from",
      "  ~ the way to its machine: address",
      "  ~ roles",
    ]);
  });

  it("shows no stand-in of the engine where an item's name is not known yet", () => {
    const events = structuredClone(recorded("firstPreview").map(({ event }) => event));
    const created = events.find(({ resourcePreEvent }) => resourcePreEvent?.metadata.new?.inputs.items);
    const inputs = created?.resourcePreEvent?.metadata.new?.inputs;
    assert.ok(inputs);
    const port = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    inputs.items = [{ kind: "allowedPort", protocol: "tcp", port, from: [] }];
    assert.match(planText(plannedChanges(events)), /\+ allowedPort:tcp\/\[known after up\]/);
  });

  it("says so when there is nothing to do", () => {
    assert.equal(planOf("secondUp").length, 0);
    assert.match(planText([]), /^nothing to change: every machine was read/);
  });

  it("never shows a secret or a long text", () => {
    const signature = "4dabf18193072939515e22adb298388d";
    assert.equal(valueText({ [signature]: "1b47061264138c4ac30d75fd1eb44270", ciphertext: "x" }), "[secret]");
    assert.equal(valueText("x".repeat(500)), "text of 500 characters");
    assert.equal(valueText("04da6b54-80e4-46f7-96ec-b56ff0331ba9"), "[known after up]");
    assert.equal(valueText(undefined), "nothing");
  });
});
