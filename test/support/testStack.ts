import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";

/** How a command ended. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** What a stack's file holds, without the prefix `groundwork:`. */
export type StackSettings = Record<"machines" | "streams", Record<string, unknown>> & Record<string, unknown>;

/** A stack of this project as its user meets it: its file, its state, and the commands. */
export interface TestStack {
  readonly name: string;
  /** Writes the stack's file. */
  configure(settings: StackSettings): void;
  /** Runs `./groundwork COMMAND --stack NAME …`. */
  run(command: string, ...words: string[]): Promise<Ran>;
  /** As {@link run}; fails unless the command ends well. Its standard output. */
  succeeds(command: string, ...words: string[]): Promise<string>;
  /** As {@link succeeds}, of `./groundwork lab COMMAND --stack NAME …`. */
  lab(command: string, ...words: string[]): Promise<string>;
  /** Runs a command on a lab machine over SSH, as a person would. */
  on(machine: string, script: string): Promise<Ran>;
  /** Runs `kubectl` against the stack's cluster. Its standard output. */
  kubectl(...words: string[]): Promise<string>;
  /** Takes the stack's file and state away, not its machines. */
  close(): void;
}

/** A container has the clock of its host: no lab machine can set its own. */
export const labWaivers = { "the clock is synchronised": "a container has the clock of its host" };

/** Opens a stack whose state lies in a folder of the test. */
export function openTestStack(name: string): TestStack {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const file = join(root, `Pulumi.${name}.yaml`);
  const state = mkdtempSync(join(tmpdir(), `groundwork-${name}-`));
  const env = { ...process.env, XDG_STATE_HOME: state, PULUMI_CONFIG_PASSPHRASE: "only for this test" };
  const execute = (words: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      const options = { cwd: root, env, maxBuffer: 64 * 1024 * 1024 };
      execFile(join(root, "groundwork"), words, options, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : error ? 1 : 0, stdout, stderr }),
      );
    });
  const run = (command: string, ...words: string[]): Promise<Ran> =>
    execute([command, "--stack", name, ...words]);
  const wellEnded = (ran: Ran, words: string[]): string => {
    assert.equal(ran.code, 0, `groundwork ${words.join(" ")}\n${ran.stdout}\n${ran.stderr}`);
    return ran.stdout;
  };
  return {
    name,
    configure(settings) {
      const config = Object.entries(settings).map(([key, value]) => [`groundwork:${key}`, value]);
      writeFileSync(file, stringify({ config: Object.fromEntries(config) }));
    },
    run,
    succeeds: async (...words) => wellEnded(await run(...words), words),
    lab: async (command, ...words) =>
      wellEnded(await execute(["lab", command, "--stack", name, ...words]), ["lab", command, ...words]),
    on: (machine, script) => execute(["lab", "ssh", machine, "--stack", name, "--", script]),
    kubectl: async (...words) => wellEnded(await run("kubectl", "--", ...words), ["kubectl", ...words]),
    close() {
      rmSync(state, { recursive: true, force: true });
      rmSync(file, { force: true });
    },
  };
}
