import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { uptime } from "node:os";
import { describe, it } from "node:test";
import { fateOf } from "../../../provider/deployment/deployment.ts";
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
    assert.notEqual(fateOf(thisHolder()), "dead");
  });

  it("is dead when its process is gone", async () => {
    assert.equal(fateOf(holder({ pid: await deadPid() })), "dead");
  });

  it("is dead when another process has got its number", { skip: process.platform !== "linux" }, () => {
    assert.equal(fateOf(holder({ start: "1" })), "dead");
  });

  it("is not known to be dead when it ran elsewhere: on another host, boot or in another container", async () => {
    const pid = await deadPid();
    assert.notEqual(fateOf(holder({ host: "elsewhere", pid })), "dead");
    assert.notEqual(fateOf(holder({ place: "00000000", pid })), "dead");
  });

  it("is not known to be dead when its name says nothing", () => {
    for (const name of ["", "/", "host", "a/b/c/d", "0"]) assert.notEqual(fateOf(name), "dead", name);
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
