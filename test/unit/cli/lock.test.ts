import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir, uptime } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { forgetEngine, notedEngines, noteEngine } from "../../../cli/engine/engineNotes.ts";
import { fateOfLock, isAbandoned, type LockHolder, lockHolders } from "../../../cli/engine/lock.ts";
import { GroundworkError } from "../../../errors/index.ts";
import { holderOf } from "../../../provider/index.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-test-"));
const backend = `file://${folder}`;
after(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => rmSync(folder, { recursive: true, force: true }));

const now = Date.now();
const hour = 3_600_000;
const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

const lockOf = (pid: number, since = now): LockHolder => ({
  pid,
  hostname: hostname(),
  username: "somebody",
  timestamp: time(since),
});

/** A process that was killed, with what was noted of it while it ran. */
async function killed(): Promise<{ pid: number; holder: string }> {
  const child = spawn("sleep", ["100"], { stdio: "ignore" });
  const { pid = 0 } = child;
  const holder = holderOf(pid);
  child.kill("SIGKILL");
  await once(child, "exit");
  return { pid, holder };
}

// The true one: from it and the kernel's ticks follows when a process began.
const booted = now - uptime() * 1000;
const fate = (lock: LockHolder, holders: string[], written = now): string =>
  fateOfLock(
    lock,
    holders.map((holder) => ({ holder, written })),
    booted,
  );
const inContainer = (holder: string): string => holder.replace(/[^/]*$/, "elsewhere");

describe("the process that wrote a stack's lock", () => {
  it("is dead when it was started from here and is gone", async () => {
    const { pid, holder } = await killed();
    assert.equal(fate(lockOf(pid), [holder]), "dead");
  });

  it("is alive while it runs, noted or not", () => {
    const own = now + 1000;
    assert.equal(fate(lockOf(process.pid, own), [holderOf(process.pid)]), "alive");
    assert.equal(fate(lockOf(process.pid, own), []), "alive");
  });

  it("is dead when this computer was restarted since, whoever has its number now", async () => {
    const { pid } = await killed();
    assert.equal(fate(lockOf(pid, booted - hour), []), "dead");
    const before = inContainer(holderOf(process.pid));
    assert.equal(fate(lockOf(process.pid, booted - hour), [before], booted - hour), "dead");
  });

  it("is dead when it was started from here and another one has its number", {
    skip: process.platform !== "linux",
  }, () => {
    const [host, pid, , place] = holderOf(process.pid).split("/");
    const noted = [host, pid, "1", place].join("/");
    const began = now - process.uptime() * 1000;
    const lock = lockOf(process.pid, (booted + began) / 2);
    assert.equal(fateOfLock(lock, [{ holder: noted, written: now }]), "dead");
  });

  it("may live in a container of the same name, where it has another number", async () => {
    const { pid, holder } = await killed();
    assert.equal(fate(lockOf(pid), []), "unknown");
    assert.equal(fate(lockOf(pid), [inContainer(holder)]), "unknown");
    assert.equal(fate(lockOf(pid), [holder, inContainer(holder)]), "unknown");
  });

  it("may live on another computer", async () => {
    const { pid, holder } = await killed();
    const elsewhere = { ...lockOf(pid, booted - hour), hostname: "elsewhere" };
    assert.equal(fate(elsewhere, [holder]), "unknown");
  });
});

describe("the lock of a stack", () => {
  it("is abandoned when its process is dead", () => {
    assert.equal(
      isAbandoned("rack", [lockOf(4711)], () => "dead"),
      true,
    );
    assert.equal(
      isAbandoned("rack", [], () => "alive"),
      false,
    );
  });

  it("is respected while its process lives, or where that cannot be known, and says what to do", () => {
    const mend = (lock: LockHolder, found: "alive" | "unknown"): string => {
      let said = "";
      assert.throws(
        () => isAbandoned("rack", [lock], () => found),
        (error) => {
          said = (error as Error).message;
          assert.match(
            String(error),
            /GW704 the stack rack: process \d+ of \S+ on \S+ has held the stack since /,
          );
          return error instanceof GroundworkError && error.code === "GW704";
        },
      );
      return said;
    };
    assert.match(mend(lockOf(4711), "alive"), /end that process/);
    assert.match(mend(lockOf(4711), "unknown"), /No such process runs here.*pulumi cancel/);
    assert.doesNotMatch(mend(lockOf(4711), "unknown"), /end that process/);
    assert.match(mend({ ...lockOf(4711), hostname: "elsewhere" }, "unknown"), /gone for good.*pulumi cancel/);
  });

  it("is looked for in backends in files only", () => {
    assert.deepEqual(lockHolders("s3://bucket", "p", "s"), []);
    assert.deepEqual(lockHolders(backend, "p", "s"), []);
  });
});

describe("what is noted of an engine", () => {
  const lockFolder = join(folder, ".pulumi", "locks", "organization", "p", "s");
  const noted = async (): Promise<string[]> => (await notedEngines(backend)).map(({ holder }) => holder);

  it("goes with it", async () => {
    const ended = noteEngine(backend, process.pid);
    assert.deepEqual(await noted(), [holderOf(process.pid)]);
    ended();
    assert.deepEqual(await noted(), []);
  });

  it("stays while a lock of it does, and until it is forgotten", async () => {
    const ended = noteEngine(backend, process.pid);
    mkdirSync(lockFolder, { recursive: true });
    writeFileSync(join(lockFolder, "1.json"), JSON.stringify(lockOf(process.pid)));
    assert.deepEqual(lockHolders(backend, "p", "s"), [lockOf(process.pid)]);
    assert.deepEqual(lockHolders(backend, "p", "other"), []);
    ended();
    assert.deepEqual(await noted(), [holderOf(process.pid)]);
    forgetEngine(backend, holderOf(process.pid));
    assert.deepEqual(await noted(), []);
  });

  it("is nothing where the state lies elsewhere", async () => {
    noteEngine("s3://bucket", process.pid)();
    assert.deepEqual(await notedEngines("s3://bucket"), []);
  });
});
