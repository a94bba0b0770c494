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

const folder = mkdtempSync(join(tmpdir(), "groundwork-session-"));
const deployment = new Deployment({
  info: () => undefined,
  warning: () => undefined,
  status: () => undefined,
});
const behindForward = "198.51.100.7 50000 10.0.0.5 22";
let ssh: FakeSsh;

before(async () => {
  ssh = await openFakeSsh();
  // Neither a unit nor sudo passes on what the session's environment holds.
  program("systemd-run", [
    'while [ "$1" != sh ]; do case $1 in --setenv=*) given=$(expr "$1" : "--setenv=\\(.*\\)") ;; esac; shift; done',
    'exec env -i "PATH=$PATH" "$given" "$@"',
  ]);
  program("sudo", ['shift; exec env -i "PATH=$PATH" "$@"']);
  ssh.answer = async ({ command, input }) => {
    await text(input);
    const { status, stdout, stderr } = spawnSync(
      "sh",
      ["-c", command.replaceAll("/run/groundwork", folder)],
      {
        input: `echo "$gw_connection" >'${folder}/told'\nprintf 'machine m1\\ncommitted\\nend ok\\n' >&3\n`,
        env: { PATH: `${folder}:${process.env.PATH}`, SSH_CONNECTION: behindForward },
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

function program(name: string, lines: string[]): void {
  writeFileSync(join(folder, name), ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
}

describe("a program that changes a machine", () => {
  for (const user of ["root", "admin"])
    it(`is told what sshd says of its session, where ${user} logs in`, async () => {
      const session = deployment.session({ ...connection, name: `m-${user}`, user, port: 2201 });
      const report = await session.change({ items: [] }, operation);
      assert.ok(report.succeeded);
      assert.equal(readFileSync(join(folder, "told"), "utf8"), `${behindForward}\n`);
    });
});
