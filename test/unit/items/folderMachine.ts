import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { library } from "../../../provider/engine/program.ts";
import { assign } from "../../../provider/engine/shell.ts";
import { type Item, kindOf } from "../../../provider/index.ts";
import { asOrdinaryUser, runShell } from "../provider/runShell.ts";

/**
 * A folder that stands for a machine: the functions of a kind run there as an ordinary user, with files of the folder
 * in the place of the system's, and with stand-ins for programs that change it.
 */
export class FolderMachine {
  readonly folder = mkdtempSync(join(tmpdir(), "groundwork-items-"));

  constructor() {
    for (const name of [
      "",
      "bin",
      "run",
      "locks",
      "groundwork",
      "groundwork/transactions",
      "groundwork/transactions/owner",
    ]) {
      mkdirSync(this.path(name), { recursive: true });
      chmodSync(this.path(name), 0o777);
    }
    writeFileSync(this.path("groundwork/transactions/owner/order"), "");
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Files and folders that were there before, made by a script as the user that the functions run as. */
  made(script: string): void {
    const [command = "", ...args] = [...asOrdinaryUser, "sh", "-ec", script];
    execFileSync(command, args, { cwd: this.folder });
  }

  /** A program that stands in for the machine's own. */
  standIn(name: string, script: string): void {
    writeFileSync(this.path(`bin/${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  /**
   * Runs a script after the library, as the machine's programs do, with the variables of `items`; `use_item N` makes
   * one the current one. `more` replaces variables, such as the paths of system files.
   * @returns what it printed
   */
  async run(items: Item[], script: string, more: Record<string, string> = {}): Promise<string> {
    const program = [
      library(),
      `PATH=$PWD/bin:$PATH gw_root=$PWD/groundwork gw_run=$PWD/run gw_locks=$PWD/locks gw_owner=owner`,
      "gw_transaction=$gw_root/transactions/owner",
      "exec 3>/dev/null",
      ...items.map((item, index) => itemFunction(item, index + 1, more)),
      stepFunctions,
      "use_item 1",
      script,
      ":",
      "",
    ].join("\n");
    const { code, stdout, stderr } = await runShell(program, this.folder);
    assert.equal(stderr, "");
    assert.equal(code, 0, stdout.toString());
    return stdout.toString().replace(/\n$/, "");
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The steps of an operation as shell functions; one that fails says so. */
export const stepFunctions = `
see() { observe && printf '%s\\n' "$observed"; }
take() { capture=$PWD/capture-$1; rm -rf "$capture" && mkdir "$capture" && "\${gw_kind}_capture" || echo 'capture failed'; }
bring() { observe; "\${gw_kind}_apply" || echo 'apply failed'; }
give_back() { capture=$PWD/capture-$1; "\${gw_kind}_restore" || echo 'restore failed'; }
`;

/** The shell function that makes an item the current one. */
export function itemFunction(item: Item, index: number, more: Record<string, string>): string {
  const kind = kindOf(item);
  const bytes = kind.data?.(item);
  return [
    `item_${index}() {`,
    assign("gw_kind", item.kind),
    `gw_hash=hash${index} time_limit=20`,
    assign("gw_desired", kind.desired(item)),
    ...Object.entries({ ...kind.variables(item), ...more }).map(([name, value]) => assign(name, value)),
    "}",
    ...(bytes === undefined
      ? []
      : [`data_${index}() { printf %s '${Buffer.from(bytes).toString("base64")}' | base64 -d; }`]),
  ].join("\n");
}
