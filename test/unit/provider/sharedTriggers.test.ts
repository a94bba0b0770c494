import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { FileItem, Item } from "../../../provider/index.ts";
import { parseReport } from "../../../provider/session/report.ts";
import { CutMachine } from "./cutMachine.ts";

/** A systemd on which one unit runs; what it was asked to do is in the file `calls`. */
const systemctl = (folder: string): string => `#!/bin/sh
case $1 in
  show) printf 'Id=app.service\\nLoadState=loaded\\nUnitFileState=enabled\\nActiveState=active\\nSubState=running\\nType=notify\\n\\n' ;;
  is-enabled) echo enabled ;;
  restart | reload-or-restart) echo "$1" >>'${folder}/calls' ;;
esac
`;

describe("a service that restarts on a file of two streams", () => {
  let machine: CutMachine;
  let runs = 0;
  beforeEach(() => {
    machine = new CutMachine();
    mkdirSync(join(machine.folder, "bin"));
    writeFileSync(join(machine.folder, "bin", "systemctl"), systemctl(machine.folder), { mode: 0o755 });
  });
  afterEach(() => machine.close());

  const path = (): string => join(machine.tree, "shared");
  const file = (content: string, more: Partial<FileItem> = {}): Item => {
    const { owner, group } = machine;
    return { kind: "file", path: path(), content, owner, group, ...more };
  };
  const service = (): Item => ({ kind: "service", unit: "app.service", restartOn: [`file:${path()}`] });

  /** Brings items about for a stream, and says what was asked of systemd. */
  function apply(stream: string, items: Item[]): string {
    const name = `run-${++runs}`;
    const urn = `urn:pulumi:dev::groundwork::groundwork:index:HostState::${stream}-m1`;
    machine.beside(name, { items }, "apply", { urn });
    const program = join(machine.folder, name, "program");
    const text = readFileSync(program, "utf8");
    const last = text.lastIndexOf("</dev/null gw_");
    const there = `PATH='${machine.folder}/bin':$PATH\n`;
    writeFileSync(program, text.slice(0, last) + there + text.slice(last));
    const { stderr } = spawnSync("dash", [program], { encoding: "utf8" });
    const report = readFileSync(join(machine.folder, name, "report"), "utf8");
    assert.ok(parseReport(report).succeeded, report + stderr);
    const calls = join(machine.folder, "calls");
    const asked = existsSync(calls) ? readFileSync(calls, "utf8").trim() : "";
    rmSync(calls, { force: true });
    return asked;
  }

  it("restarts where the other stream brought the new file before it, and once only", () => {
    apply("alpha", [file("one\n")]);
    apply("bravo", [file("one\n"), service()]);
    apply("alpha", [file("two\n")]);
    assert.equal(apply("bravo", [file("two\n"), service()]), "restart");
    assert.equal(apply("bravo", [file("two\n"), service()]), "");
  });

  it("does not restart for a file that it names for the first time, and that is as wanted", () => {
    apply("alpha", [file("one\n")]);
    assert.equal(apply("bravo", [file("one\n"), service()]), "");
    apply(
      "bravo",
      [service()].map((item) => ({ ...item, restartOn: undefined }) as Item),
    );
    assert.equal(apply("bravo", [file("one\n"), service()]), "");
  });

  it("does not restart where only how the file is checked is another one", () => {
    apply("bravo", [file("one\n"), service()]);
    assert.equal(apply("bravo", [file("one\n", { validate: "true" }), service()]), "");
  });
});
