import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Connection } from "../../../provider/index.ts";
import { SshPool, type SshResult } from "../../../provider/ssh/sshPool.ts";
import { connection } from "./smallSpec.ts";

/** Knows nobody that its configuration does not name, and lets in nobody without a pin, as OpenSSH. */
const readsItsFiles = `#!/bin/sh
config=$2
for last; do case $last in m*-*) alias=$last ;; esac; done
grep -qx "Host $alias" "$config" || { echo "Could not resolve hostname $alias" >&2; exit 255; }
pins=$(sed -n "s/^  UserKnownHostsFile //p" "$config" | head -n 1)
grep -q "^$alias ssh-ed25519 " "$pins" || { echo "Host key verification failed." >&2; exit 255; }
`;

const { PATH } = process.env;
let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "groundwork-many-"));
  await writeFile(join(folder, "ssh"), readsItsFiles);
  await chmod(join(folder, "ssh"), 0o755);
  process.env.PATH = `${folder}${delimiter}${PATH}`;
});
after(async () => {
  process.env.PATH = PATH;
  await rm(folder, { recursive: true, force: true });
});

describe("the first contact of many machines", () => {
  it("lets each of them in while others are still added", async () => {
    const pool = new SshPool();
    const said = new Set<string>();
    const login = (ended: Promise<SshResult>): Promise<unknown> =>
      ended.then(
        ({ code, stderr }) => said.add(code === 0 ? "welcome" : stderr),
        (error: Error) => said.add(error.message),
      );
    const logins: Promise<unknown>[] = [];
    for (let number = 1; number <= 50; number++) {
      const machine: Connection = { ...connection, name: `m${number}` };
      logins.push(login(pool.run(machine, "true", "")), login(pool.runOnNewConnection(machine, "true", "")));
      await nextTurn();
    }
    await Promise.all(logins);
    await pool.close();
    assert.deepEqual([...said], ["welcome"]);
  });
});
