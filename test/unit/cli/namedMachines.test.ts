import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { countAsGone, leaveLocked } from "../../../cli/namedMachines.ts";
import { type Settings, settingsFrom } from "../../../provider/deployment/settings.ts";
import { coded } from "./coded.ts";

const options = [
  {
    option: "--leave-locked",
    variable: "GROUNDWORK_LEAVE_LOCKED",
    allow: leaveLocked,
    setting: "leaveLocked",
  },
  { option: "--gone", variable: "GROUNDWORK_GONE", allow: countAsGone, setting: "gone" },
] as const;

for (const { option, variable, allow, setting } of options)
  describe(`machines that ${option} names`, () => {
    const before = process.env[variable];
    const told = (): Settings[typeof setting] => settingsFrom(process.env)[setting];
    beforeEach(() => {
      process.env[variable] = "elsewhere";
    });
    afterEach(() => {
      if (before === undefined) delete process.env[variable];
      else process.env[variable] = before;
    });

    it("are what the provider gets to know", () => {
      allow(["m1", "m2"], ["m1", "m2", "m3"]);
      assert.deepEqual(told(), ["m1", "m2"]);
    });

    it("are none where none is named, whatever the shell has set", () => {
      allow([], ["m1"]);
      assert.deepEqual(told(), []);
    });

    it("have to be machines of the operation", () => {
      assert.throws(
        () => allow(["m1", "m9"], ["m1"]),
        coded("GW707", new RegExp(`${option} m9: .*these are: m1`)),
      );
      assert.throws(
        () => allow(["m9"], []),
        coded("GW707", new RegExp(`there are none\\. Leave ${option} out$`)),
      );
    });
  });
