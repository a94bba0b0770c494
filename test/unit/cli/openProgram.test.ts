import { rejects } from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { openDeclared, openProgram } from "../../../cli/stack/openProgram.ts";
import { coded } from "./coded.ts";

describe("up and preview", () => {
  const before = process.env.GROUNDWORK_DEADMAN_SECONDS;
  afterEach(() => {
    if (before === undefined) delete process.env.GROUNDWORK_DEADMAN_SECONDS;
    else process.env.GROUNDWORK_DEADMAN_SECONDS = before;
  });

  it("refuse a setting that the provider would not take before anything else", async () => {
    process.env.GROUNDWORK_DEADMAN_SECONDS = "5";
    for (const open of [openProgram, openDeclared])
      await rejects(open("no-such-stack"), coded("GW101", /^GW101 GROUNDWORK_DEADMAN_SECONDS: it is "5"/));
  });
});
