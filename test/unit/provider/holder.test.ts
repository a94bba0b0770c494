import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { uptime } from "node:os";
import { describe, it } from "node:test";
import { isDeadHolder } from "../../../provider/deployment/deployment.ts";
import { startedAt, thisHolder } from "../../../provider/deployment/holder.ts";

/** A holder like this process in everything but the parts that are given. */
function holder(parts: { host?: string; pid?: number; start?: string; place?: string }): string {
  const [host, pid, start, place] = thisHolder().split("/");
  return [parts.host ?? host, parts.pid ?? pid, parts.start ?? start, parts.place ?? place].join("/");
}

async function deadPid(): Promise<number> {
  const child = spawn("true", { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? 0;
}

describe("the holder of a lease", () => {
  it("is alive while its process runs", () => {
    assert.equal(isDeadHolder(thisHolder()), false);
  });

  it("is dead when its process is gone", async () => {
    assert.equal(isDeadHolder(holder({ pid: await deadPid() })), true);
  });

  it("is dead when another process has got its number", { skip: process.platform !== "linux" }, () => {
    assert.equal(isDeadHolder(holder({ start: "1" })), true);
  });

  it("is not known to be dead when it ran elsewhere: on another host, boot or in another container", async () => {
    const pid = await deadPid();
    assert.equal(isDeadHolder(holder({ host: "elsewhere", pid })), false);
    assert.equal(isDeadHolder(holder({ place: "00000000", pid })), false);
  });

  it("is not known to be dead when its name says nothing", () => {
    for (const name of ["", "/", "host", "a/b/c/d", "0"]) assert.equal(isDeadHolder(name), false, name);
  });
});

describe("the start of a process", () => {
  it("is told in the time of the clock", { skip: process.platform !== "linux" }, () => {
    const began = startedAt(process.pid, Date.now() - uptime() * 1000) ?? 0;
    assert.ok(Math.abs(began - (Date.now() - process.uptime() * 1000)) < 2000, String(began));
  });

  it("is unknown where there is none", async () => {
    assert.equal(startedAt(await deadPid(), 0), undefined);
  });
});
