import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { HostState } from "../../../provider/index.ts";
import { openTestEngine, type TestEngine } from "../../support/testEngine.ts";
import { openTestLab, type TestLab, type TestMachine } from "../../support/testLab.ts";

/** Bytes beside a program, through the real engine to a real machine. The tests follow each other. */
let lab: TestLab;
let machine: TestMachine;
let engine: TestEngine;
let path = "";

before(async () => {
  lab = await openTestLab({ name: "assets", prefix: "10.89.0", machines: ["m1"] });
  machine = lab.machine("m1");
  engine = await openTestEngine();
  path = join(lab.folder, "bytes");
});
after(async () => {
  await engine?.close();
  await lab?.close();
});

const bytes = randomBytes(50_000);
const program = () => {
  new HostState("alpha-m1", {
    connection: machine.connection,
    stream: "alpha",
    items: [
      { kind: "file", path: "/opt/bytes", asset: new pulumi.asset.FileAsset(path) },
      { kind: "file", path: "/opt/text", asset: pulumi.secret(new pulumi.asset.StringAsset("canary-4b1d")) },
    ],
  });
};
const onMachine = () => machine.inside("sha256sum </opt/bytes; cat /opt/text");
const expected = (content: Uint8Array) =>
  `${createHash("sha256").update(content).digest("hex")}  -\ncanary-4b1d`;

test("bytes of a file beside the program arrive as they are, and the state keeps none of them", async () => {
  writeFileSync(path, bytes);
  const run = await engine.up(program);
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await onMachine(), expected(bytes));
  const state = await engine.stateText();
  assert.ok(state.includes(createHash("sha256").update(bytes).digest("hex")), "its digest is there");
  assert.ok(!state.includes(bytes.toString("base64").slice(0, 40)));
  assert.ok(!state.includes("canary-4b1d"));
});

test("the same bytes are no change, wherever they lie", async () => {
  path = join(lab.folder, "the same");
  writeFileSync(path, bytes);
  const run = await engine.up(program);
  const operations = run.steps.map(({ operation }) => operation);
  assert.deepEqual(operations, ["refresh", "same"], JSON.stringify(run));
});

test("other bytes are a change of that item, which the preview names", async () => {
  writeFileSync(path, "other\0");
  const preview = await engine.preview(program);
  const differences = preview.steps.flatMap((step) => Object.keys(step.differences));
  assert.deepEqual(differences, ["items[0].asset"], JSON.stringify(preview));
  const run = await engine.up(program);
  assert.equal(run.succeeded, true, run.messages.join("\n"));
  assert.equal(await onMachine(), expected(Buffer.from("other\0")));
});

test("drift is found, and everything is given back, without the file", async () => {
  rmSync(path);
  await machine.inside("echo tampered >/opt/bytes");
  const refreshed = await engine.refresh();
  assert.equal(refreshed.succeeded, true, refreshed.messages.join("\n"));
  const destroyed = await engine.destroy();
  assert.equal(destroyed.succeeded, true, destroyed.messages.join("\n"));
  assert.equal(await machine.inside("ls -A /opt"), "");
});
