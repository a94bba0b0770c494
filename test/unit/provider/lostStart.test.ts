import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { Deployment } from "../../../provider/deployment/deployment.ts";
import { type FakeSsh, openFakeSsh } from "../../support/fakeSsh.ts";
import { connection, operation } from "./smallSpec.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-start-"));
const silent = { info: () => undefined, warning: () => undefined, status: () => undefined };
const deployment = new Deployment(silent);
let ssh: FakeSsh;
before(async () => {
  ssh = await openFakeSsh();
  ssh.answer = async ({ command, input }) => {
    await text(input);
    const { status, stdout, stderr } = spawnSync(
      "sh",
      ["-c", command.replaceAll("/run/groundwork", folder)],
      {
        input: `echo begun >>'${folder}/begun'\nprintf 'machine m1\\ncommitted\\nend ok\\n' >&3\n`,
        env: { PATH: `${folder}:${process.env.PATH}` },
        encoding: "utf8",
      },
    );
    return { code: status ?? 1, stdout, stderr };
  };
});
after(async () => {
  await deployment.close();
  await ssh.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A systemd that loses the first unit, be it before its program began or after it ended. */
function systemd(loses: "before" | "after"): void {
  const lost = `[ -e '${folder}/lost' ] || { : >'${folder}/lost'; exit 1; }`;
  const run = 'while [ "$1" != sh ]; do shift; done; "$@"';
  const steps = loses === "before" ? [lost, run] : [run, lost];
  rmSync(join(folder, "lost"), { force: true });
  rmSync(join(folder, "begun"), { force: true });
  writeFileSync(join(folder, "systemd-run"), ["#!/bin/sh", ...steps, ""].join("\n"), { mode: 0o755 });
}

describe("a program whose unit systemd lost", () => {
  for (const loses of ["before", "after"] as const)
    it(`${loses === "before" ? "before it began is started again" : "when it was done is not started again"}`, async () => {
      systemd(loses);
      const report = await deployment.session(connection).change({ items: [] }, operation);
      assert.ok(report.succeeded);
      assert.equal(readFileSync(join(folder, "begun"), "utf8"), "begun\n");
    });
});
