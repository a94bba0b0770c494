import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { leaveLocked } from "../../../cli/leaveLocked.ts";
import { GroundworkError } from "../../../errors/index.ts";
import { settingsFrom } from "../../../provider/deployment/settings.ts";

describe("machines that may be left without a login", () => {
  const before = process.env.GROUNDWORK_LEAVE_LOCKED;
  beforeEach(() => {
    process.env.GROUNDWORK_LEAVE_LOCKED = "elsewhere";
  });
  afterEach(() => {
    if (before === undefined) delete process.env.GROUNDWORK_LEAVE_LOCKED;
    else process.env.GROUNDWORK_LEAVE_LOCKED = before;
  });

  it("are the ones that the command names, and the provider gets to know them", () => {
    leaveLocked(["m1", "m2"], ["m1", "m2", "m3"]);
    assert.deepEqual(settingsFrom(process.env).leaveLocked, ["m1", "m2"]);
  });

  it("are none where none is named, whatever the shell has set", () => {
    leaveLocked([], ["m1"]);
    assert.deepEqual(settingsFrom(process.env).leaveLocked, []);
  });

  it("have to be machines of the operation", () => {
    assert.throws(
      () => leaveLocked(["m1", "m9"], ["m1"]),
      (error: unknown) =>
        error instanceof GroundworkError &&
        error.code === "GW707" &&
        /--leave-locked m9: .*these are: m1/.test(error.message),
    );
    assert.throws(() => leaveLocked(["m9"], []), /there are none\. Leave --leave-locked out$/);
  });
});
