import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { MachineSession } from "../../../provider/session/machine.ts";
import { SshPool } from "../../../provider/ssh/sshPool.ts";
import { eventually } from "../../support/eventually.ts";
import { type FakeCommand, type FakeSsh, openFakeSsh, runHere } from "../../support/fakeSsh.ts";
import { connection } from "./smallSpec.ts";

const bytes = randomBytes(3_000_000);
const sha256 = createHash("sha256").update(bytes).digest("hex");

let ssh: FakeSsh;
let pool: SshPool;
let folder = "";
let commands: string[] = [];
before(async () => {
  ssh = await openFakeSsh();
});
after(() => ssh.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "groundwork-send-"));
  await writeFile(join(folder, "artifact"), bytes);
  commands = [];
  ssh.opened.length = 0;
  ssh.answer = here;
  pool = new SshPool();
});
afterEach(async () => {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
});

const registry = () => join(folder, "registry");
const sent = `sent-${sha256}-0f`;
const downloads = () => join(registry(), "downloads");
const arrived = (): Promise<Buffer> => readFile(join(downloads(), sent));
const here = (command: FakeCommand) => {
  commands.push(command.command);
  return runHere(command, registry());
};
const isReceiving = ({ command }: FakeCommand): boolean => command.includes("dd of=");

/** Lets the connection break once so many bytes of a try have arrived. */
async function cutAfter(command: FakeCommand, count: number) {
  const some = new PassThrough();
  let left = count;
  command.input.on("data", (chunk: Buffer) => {
    if (left > 0) some.write(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) some.end();
  });
  await here({ ...command, input: some });
  ssh.cut("m1");
  return { code: 255 };
}

/** From which bytes tries began. */
async function send(more: { size?: number; cancelled?: AbortSignal } = {}): Promise<number[]> {
  const begun: number[] = [];
  const artifact = { file: join(folder, "artifact"), sha256, size: more.size ?? bytes.length, owner: "0f" };
  await new MachineSession(pool, connection).send(artifact, {
    begun: (from) => begun.push(from),
    cancelled: more.cancelled ?? new AbortController().signal,
  });
  return begun;
}

describe("a file that is sent to a machine over its connection", () => {
  it("arrives byte for byte, readable by its owner alone, over the one login", async () => {
    assert.deepEqual(await send(), [0]);
    assert.deepEqual(await arrived(), bytes);
    assert.equal((await stat(join(downloads(), sent))).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(downloads()), [sent]);
    assert.deepEqual(ssh.opened, ["m1"]);
  });

  it("is not sent where it is already", async () => {
    await send();
    assert.deepEqual(await send(), []);
  });

  it("is gone on with where a lost connection, or an earlier run, stopped", async () => {
    await mkdir(downloads(), { recursive: true });
    await writeFile(join(downloads(), `${sent}.part`), bytes.subarray(0, 500_000));
    let cuts = 0;
    ssh.answer = (command) => {
      if (!isReceiving(command) || cuts === 2) return here(command);
      cuts += 1;
      return cutAfter(command, 700_000);
    };
    assert.deepEqual(await send(), [500_000, 1_200_000, 1_900_000]);
    assert.deepEqual(await arrived(), bytes);
  });

  it("is sent whole when what was there is no part of it, or too much", async () => {
    await mkdir(downloads(), { recursive: true });
    await writeFile(join(downloads(), `${sent}.part`), randomBytes(500_000));
    assert.deepEqual(await send(), [500_000, 0]);
    assert.deepEqual(await arrived(), bytes);
    await rm(join(downloads(), sent));
    await writeFile(join(downloads(), `${sent}.part`), randomBytes(bytes.length + 1));
    assert.deepEqual(await send(), [0]);
    assert.deepEqual(await arrived(), bytes);
  });

  it("is not spoilt by a try that was thought dead and writes on", async () => {
    const slow = new PassThrough();
    let late: Promise<unknown> | undefined;
    ssh.answer = async (command) => {
      if (!isReceiving(command)) return here(command);
      if (late !== undefined) {
        slow.end(bytes.subarray(1000, 2_000_000));
        return here(command);
      }
      // Its connection is lost for this side alone.
      late = here({ ...command, input: slow });
      slow.write(bytes.subarray(0, 1000));
      const part = join(downloads(), `${sent}.part`);
      await eventually("the first bytes", async () => {
        const there = await stat(part).catch(() => undefined);
        return there?.size === 1000;
      });
      ssh.cut("m1");
      return { code: 255 };
    };
    assert.deepEqual(await send(), [0, 1000]);
    await late;
    assert.deepEqual(await arrived(), bytes);
  });

  it("puts nothing of itself into an argument: paths, places and digests only", async () => {
    await send();
    const plain = commands.join("\n");
    assert.ok(!plain.includes(bytes.subarray(0, 12).toString("latin1")));
    assert.ok(!plain.includes(bytes.toString("base64").slice(0, 16)));
    assert.ok(plain.length < 2000);
  });

  it("is given up with a reason when the machine cannot take it", async () => {
    ssh.answer = (command) =>
      isReceiving(command)
        ? { code: 1, stderr: "dd: error writing: No space left on device\n" }
        : here(command);
    await assert.rejects(send(), (error: Error) => {
      assert.match(error.message, /^GW301 m1: .*No space left on device\); nothing was changed\./);
      return true;
    });
  });

  it("is given up when it arrives with another digest every time", async () => {
    await writeFile(join(folder, "artifact"), randomBytes(bytes.length));
    await assert.rejects(send(), /GW301 m1: .*another digest, twice/);
    assert.deepEqual(await readdir(downloads()), []);
  });

  it("ends when the work is cancelled, and leaves what has arrived", async () => {
    const cancelled = new AbortController();
    ssh.answer = (command) => {
      if (isReceiving(command)) {
        cancelled.abort();
        // A machine that takes its time.
        return new Promise((resolve) => setTimeout(() => resolve({}), 500));
      }
      return here(command);
    };
    await assert.rejects(send({ cancelled: cancelled.signal }), { name: "AbortError" });
  });
});
