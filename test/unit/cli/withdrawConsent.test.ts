import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { withdrawConsent } from "../../../cli/withdrawConsent.ts";
import { settingsFrom } from "../../../provider/deployment/settings.ts";

const left = {
  GROUNDWORK_PURGE: "yes",
  GROUNDWORK_LEAVE_LOCKED: "m1",
  GROUNDWORK_GONE: "m2",
  GROUNDWORK_ADOPT: "old",
};

it("what a shell's environment still allows is taken back, and nothing else of it", () => {
  const environment = { ...left, GROUNDWORK_DEADMAN_SECONDS: "15" };
  withdrawConsent(environment);
  assert.deepEqual(environment, { GROUNDWORK_DEADMAN_SECONDS: "15" });
  assert.deepEqual(settingsFrom(environment).leaveLocked, []);
});

it("every command takes it back before it begins", () => {
  const folder = mkdtempSync(join(tmpdir(), "groundwork-consent-"));
  try {
    const main = new URL("../../../cli/main.ts", import.meta.url).pathname;
    const looks = join(folder, "look.mjs");
    writeFileSync(
      looks,
      `process.on("exit", () => console.log(JSON.stringify(Object.keys(${JSON.stringify(left)}).filter((name) => process.env[name]))));\n`,
    );
    for (const command of ["up", "rollback alpha", "destroy", "drift", "verify"]) {
      const words = [...command.split(" "), "--stack", "not-there"];
      const { stdout, stderr } = spawnSync(process.execPath, ["--import", looks, main, ...words], {
        env: { PATH: process.env.PATH, HOME: folder, GROUNDWORK_STATE: folder, ...left },
        encoding: "utf8",
      });
      assert.equal(stdout.trim().split("\n").at(-1), "[]", `${command}: ${stderr}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
