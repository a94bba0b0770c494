import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { holderOf } from "../../../provider/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "groundwork-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const left = (): string[] => readdirSync(folder);

const command = fileURLToPath(new URL("../../../cli/commands/kubectl.ts", import.meta.url));

/** A command line of its own that runs a shell script as kubectl would be run, once that has printed a line. */
async function running(script: string): Promise<{ child: ChildProcess; line: string }> {
  const program = `import { withKubeconfig } from ${JSON.stringify(command)};
    process.exitCode = await withKubeconfig("/bin/sh", ["-c", ${JSON.stringify(script)}], "the key");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [first] = await once(child.stdout ?? child, "data");
  return { child, line: String(first).trim() };
}

const show = 'echo "$(cat "$KUBECONFIG") $(stat -c %a "$KUBECONFIG")"';

describe("an administrator's kubeconfig", () => {
  it("is there for its owner only while kubectl runs, and kubectl's exit code is the command's", async () => {
    const { child, line } = await running(`${show}; exit 7`);
    assert.equal(line, "the key 600");
    const [code] = await once(child, "exit");
    assert.equal(code, 7);
    assert.deepEqual(left(), []);
  });

  for (const signal of ["SIGTERM", "SIGHUP"] as const)
    it(`goes when the command gets ${signal}, and kubectl with it`, async () => {
      const { child, line } = await running("echo $$; exec sleep 60");
      assert.equal(left().length, 1);
      assert.equal(statSync(join(folder, left()[0] ?? "")).mode & 0o777, 0o700);
      child.kill(signal);
      const [code] = await once(child, "exit");
      assert.equal(code, 2);
      assert.deepEqual(left(), []);
      assert.throws(() => process.kill(Number(line), 0), { code: "ESRCH" });
    });

  it("stays while kubectl makes something of a Ctrl-C", async () => {
    const { child, line } = await running('trap "exit 3" INT; echo $$; while :; do sleep 0.05; done');
    child.kill("SIGINT");
    assert.equal(left().length, 1);
    process.kill(Number(line), "SIGINT");
    const [code] = await once(child, "exit");
    assert.equal(code, 3);
    assert.deepEqual(left(), []);
  });

  it("of a command that was killed goes with the next one; nobody else's does", async () => {
    const { child, line } = await running("echo $$; exec sleep 60");
    child.kill("SIGKILL");
    await once(child, "exit");
    process.kill(Number(line), "SIGKILL");
    assert.equal(left().length, 1);
    const name = (holder: string): string => `groundwork-private-${encodeURIComponent(holder)}-abcdef`;
    const elsewhere = holderOf(process.pid).replace(/[^/]*$/, "elsewhere");
    const others = [name(holderOf(process.pid)), name(elsewhere), "groundwork-other-1"];
    const old = name(elsewhere.replace("elsewhere", "before"));
    for (const other of [...others, old]) mkdirSync(join(folder, other));
    utimesSync(join(folder, old), 1, 1);
    const next = await running("echo");
    await once(next.child, "exit");
    assert.deepEqual(left().sort(), others.sort());
  });
});
