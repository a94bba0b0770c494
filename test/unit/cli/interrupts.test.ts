import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { EngineCommand, EngineFailure } from "../../../cli/engine/command.ts";
import { withInterrupts } from "../../../cli/interrupts.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-test-"));
after(() => rmSync(folder, { recursive: true }));

/** Work during which signals arrive: how often the engine was interrupted, and what was said. */
async function during(...signals: NodeJS.Signals[]): Promise<{ interrupts: number; said: string[] }> {
  let interrupts = 0;
  const said: string[] = [];
  const engine = {
    interrupt() {
      interrupts += 1;
    },
  };
  await withInterrupts(
    engine,
    (text) => said.push(text),
    async () => {
      for (const signal of signals) process.emit(signal, signal);
    },
  );
  return { interrupts, said };
}

describe("Ctrl-C", () => {
  it("asks the engine to stop, and says what a second one does", async () => {
    const { interrupts, said } = await during("SIGINT");
    assert.equal(interrupts, 1);
    assert.match(said.join(), /next item and is put back; once more leaves them to it/);
  });

  it("a second time ends the engine and leaves the machines to themselves; more change nothing", async () => {
    const { interrupts, said } = await during("SIGINT", "SIGINT", "SIGINT", "SIGINT");
    assert.equal(interrupts, 2);
    assert.deepEqual(
      said.map((text) => text.split(":")[0]),
      ["stopping", "leaving"],
    );
  });

  it("counts with the end of a session and a polite kill", async () => {
    assert.equal((await during("SIGHUP", "SIGTERM")).interrupts, 2);
  });

  it("is the program's own again once the work has ended, or failed", async () => {
    const before = process.listenerCount("SIGINT");
    await during("SIGINT");
    await assert.rejects(
      withInterrupts(
        { interrupt: () => undefined },
        () => undefined,
        () => Promise.reject(new Error("failed")),
      ),
    );
    assert.equal(process.listenerCount("SIGINT"), before);
  });
});

describe("the engine's program", () => {
  const script = (name: string, text: string): EngineCommand => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${text}`, { mode: 0o755 });
    return new EngineCommand(path, "0", {});
  };

  it("hears of each interrupt, and of no Ctrl-C of the terminal: it runs in a process group of its own", async () => {
    const command = script(
      "patient",
      `heard=0
trap 'heard=$((heard + 1)); echo "heard $heard"; [ $heard -lt 2 ] || exit 130' INT
echo "group $(ps -o pgid= -p $$ | tr -d ' ') of $$"
while :; do sleep 0.05; done
`,
    );
    const lines: string[] = [];
    const run = command.run([], folder, {}, (text) => {
      lines.push(...text.trim().split("\n"));
      if (lines.length < 3) command.interrupt();
    });
    await assert.rejects(run, (error) => error instanceof EngineFailure && error.output.code === 130);
    assert.deepEqual(lines.slice(1), ["heard 1", "heard 2"]);
    const [, group, pid] = /^group (\d+) of (\d+)$/.exec(lines[0] ?? "") ?? [];
    assert.equal(group, pid);
  });

  it("is interrupted in vain where nothing runs", async () => {
    const command = script("quick", "exit 0\n");
    command.interrupt();
    await command.run([], folder);
    command.interrupt();
  });
});
