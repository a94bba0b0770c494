import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GroundworkError } from "../../../errors/index.ts";
import { settingsFrom } from "../../../provider/deployment/settings.ts";

describe("the settings of the provider's process", () => {
  it("are the defaults when nothing is set", () => {
    assert.deepEqual(settingsFrom({}), { deadmanSeconds: 60, leaveLocked: [], gone: [], adopt: "" });
    assert.deepEqual(settingsFrom({ GROUNDWORK_DEADMAN_SECONDS: "" }), {
      deadmanSeconds: 60,
      leaveLocked: [],
      gone: [],
      adopt: "",
    });
  });

  it("take the dead-man timer from the environment", () => {
    assert.equal(settingsFrom({ GROUNDWORK_DEADMAN_SECONDS: "15" }).deadmanSeconds, 15);
  });

  it("take the machines that may be left without a login from the environment", () => {
    assert.deepEqual(settingsFrom({ GROUNDWORK_LEAVE_LOCKED: "m1,m2" }).leaveLocked, ["m1", "m2"]);
    assert.deepEqual(settingsFrom({ GROUNDWORK_LEAVE_LOCKED: "" }).leaveLocked, []);
  });

  it("take the machines that never come back from the environment", () => {
    assert.deepEqual(settingsFrom({ GROUNDWORK_GONE: "m1,m2" }).gone, ["m1", "m2"]);
  });

  it("refuse what is no whole number of seconds between 10 and 3600, by name and value", () => {
    for (const text of ["9", "3601", "1e2", "-20", "sixty", "20s", "20.5"]) {
      assert.throws(
        () => settingsFrom({ GROUNDWORK_DEADMAN_SECONDS: text }),
        (error: unknown) =>
          error instanceof GroundworkError &&
          error.code === "GW101" &&
          error.message.includes("GROUNDWORK_DEADMAN_SECONDS") &&
          error.message.includes(JSON.stringify(text)),
        text,
      );
    }
  });
});
