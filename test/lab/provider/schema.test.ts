import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ensurePrograms } from "../../../tools/index.ts";

const execute = promisify(execFile);

test("the engine itself finds nothing wrong with the package schema", async () => {
  const engine = (await ensurePrograms(["pulumi"])).get("pulumi");
  assert.ok(engine);
  const home = await mkdtemp(join(tmpdir(), "groundwork-schema-"));
  try {
    const file = new URL("../../../provider/schema.json", import.meta.url).pathname;
    const environment = { ...process.env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const { stdout, stderr } = await execute(engine.path, ["schema", "check", file], { env: environment });
    assert.doesNotMatch(stdout + stderr, /error|warning/i);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
