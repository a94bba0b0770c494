import assert from "node:assert/strict";
import { mkdirSync, watch } from "node:fs";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { CutMachine } from "./cutMachine.ts";

describe("a file that takes its place", () => {
  it("is renamed within its folder, where containerd and others watch for it", async () => {
    const machine = new CutMachine();
    const folder = join(machine.tree, "net.d");
    mkdirSync(folder);
    const seen: string[] = [];
    const watcher = watch(folder, (_event, name) => void seen.push(basename(name ?? "")));
    try {
      const { owner, group } = machine;
      const item = {
        kind: "file",
        path: join(folder, "net.conflist"),
        content: "{}\n",
        owner,
        group,
      } as const;
      machine.run({ items: [item] }, "apply");
      for (let tries = 0; tries < 100 && !seen.includes("net.conflist"); tries++) await setTimeout(20);
      // Its coming and its going under the name beside its place, then its coming under its own.
      assert.match(seen[0] ?? "", /^net\.conflist\.groundwork-/);
      assert.deepEqual(seen, [seen[0], seen[0], "net.conflist"]);
    } finally {
      watcher.close();
      machine.close();
    }
  });
});
