import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { acrossBoots, awaitBoot, type BootSight, type BootWish } from "../../../provider/session/nextBoot.ts";
import { parseReport, type Report } from "../../../provider/session/report.ts";

const report = (...lines: string[]): Report => parseReport([...lines, "end ok", ""].join("\n"));
const asks = (...lines: string[]): Report => report(...lines, "rebooting one 60 begun");

/** Runs over these reports; what each run was told, and which boots were waited for. */
async function across(reports: Report[]): Promise<{ end: Report; told: boolean[]; waited: BootWish[] }> {
  const told: boolean[] = [];
  const waited: BootWish[] = [];
  const run = async (resume: boolean): Promise<Report> => {
    told.push(resume);
    return reports[told.length - 1] ?? report("committed");
  };
  const end = await acrossBoots("m1", run, async (wish) => void waited.push(wish));
  return { end, told, waited };
}

describe("an operation", () => {
  it("that asks for no restart is run once", async () => {
    const { end, told, waited } = await across([report("changed 1 absent", "committed")]);
    assert.deepEqual([told, waited, end.boots], [[false], [], 0]);
  });

  it("that asks for a restart goes on after it, and is one report", async () => {
    const first = asks("settled x", "changed 1 absent", "released restored file:/etc/a");
    const { end, told, waited } = await across([first, report("changed 3 done=no", "committed")]);
    assert.deepEqual(told, [false, true]);
    assert.deepEqual(waited, [{ from: "one", seconds: 60, begun: true }]);
    assert.deepEqual(
      end.changed.map(({ index }) => index),
      [1, 3],
    );
    assert.deepEqual([end.settled, end.boots, end.outcome], [true, 1, "committed"]);
    assert.equal(end.rebooting, undefined);
  });

  it("that came when another one had asked for a restart begins after it", async () => {
    const { told } = await across([report("rebooting one 600 waiting"), report("committed")]);
    assert.deepEqual(told, [false, false]);
  });

  it("never begins anew once it had begun", async () => {
    const { told } = await across([asks(), report("rebooting one 600 waiting"), report("committed")]);
    assert.deepEqual(told, [false, true, true]);
  });

  it("that asks for one restart after another is ended", async () => {
    await assert.rejects(
      across(Array.from({ length: 9 }, () => asks())),
      /GW312 m1: one operation asked for 5/,
    );
  });
});

describe("waiting for the next boot", () => {
  const wish: BootWish = { from: "one", seconds: 0.05, begun: true };
  const look = (sights: (BootSight | undefined)[]) => {
    const left = [...sights];
    return async () => (left.length > 1 ? left.shift() : left[0]);
  };
  const wait = (...sights: (BootSight | undefined)[]) => awaitBoot("m1", wish, look(sights), 0.01);

  it("ends when a login sees another boot, however long programs of other streams took before", async () => {
    const before = Array.from({ length: 20 }, () => ({ bootId: "one", due: true }));
    await wait(...before, undefined, undefined, { bootId: "two", due: false });
  });

  it("fails when nobody is let in for too long", () =>
    assert.rejects(wait({ bootId: "one", due: true }, undefined), /GW312 m1: nobody was let in/));

  it("fails at once when the machine refused", () =>
    assert.rejects(wait({ bootId: "one", due: false }), /GW312 m1: it refused to restart/));

  it("passes on what is no matter of time", () =>
    assert.rejects(
      awaitBoot("m1", wish, () => Promise.reject(new Error("another host key"))),
      /another host key/,
    ));
});
