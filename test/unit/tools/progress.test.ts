import assert from "node:assert/strict";
import { test } from "node:test";
import { type ProgressEvent, plainProgress, reportingReady } from "../../../tools/progress.ts";

const build = (seconds: number): ProgressEvent => ({
  program: "kubernetes",
  version: "1.36.3",
  phase: "build",
  seconds,
  usualSeconds: 270,
});

test("plain progress is a line at the start, one every 15 s and one at the end", () => {
  const lines: string[] = [];
  const progress = plainProgress((line) => lines.push(line));
  for (let second = 0; second <= 31; second++) progress(build(second));
  progress({ program: "kubernetes", version: "1.36.3", phase: "ready", seconds: 31 });
  assert.deepEqual(lines, [
    "building kubernetes 1.36.3 (usually 270 s with empty caches)",
    "building kubernetes 1.36.3 … 15 s, usually 270 s",
    "building kubernetes 1.36.3 … 30 s, usually 270 s",
    "kubernetes 1.36.3 is ready (31 s)",
  ]);
});

test("plain progress tells why a route was left", () => {
  const lines: string[] = [];
  plainProgress((line) => lines.push(line))({ ...build(0), note: "the official download is not to be had" });
  assert.deepEqual(lines, ["kubernetes 1.36.3: the official download is not to be had"]);
});

test("work that finds everything in place says nothing", async () => {
  const events: ProgressEvent[] = [];
  const about = { program: "runc", version: "1.5.1" };
  await reportingReady(
    (event) => events.push(event),
    about,
    async () => 1,
  );
  assert.equal(events.length, 0);
  await reportingReady(
    (event) => events.push(event),
    about,
    async (progress) => progress(build(0)),
  );
  assert.deepEqual(
    events.map((event) => event.phase),
    ["build", "ready"],
  );
});
