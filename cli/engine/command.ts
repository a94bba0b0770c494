import { type ChildProcess, spawn } from "node:child_process";
import type { PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { noteEngine } from "./engineNotes.ts";

/** What a run of the engine's program left. */
export interface CommandOutput {
  stdout: string;
  stderr: string;
  code: number;
}

/** The engine's program ended with an error; `stderr` is what it said. */
export class EngineFailure extends Error {
  readonly output: CommandOutput;

  constructor(output: CommandOutput) {
    super(output.stderr.trim() || output.stdout.trim() || `the engine ended with ${output.code}`);
    this.name = "EngineFailure";
    this.output = output;
  }
}

/**
 * Runs the engine's program in a process group of its own: a Ctrl-C of the terminal reaches the command line only,
 * which decides what the engine gets to know of it.
 */
export class EngineCommand {
  readonly command: string;
  readonly version: string;
  readonly #environment: Record<string, string>;
  #running: ChildProcess | undefined;

  constructor(command: string, version: string, environment: Record<string, string>) {
    this.command = command;
    this.version = version;
    this.#environment = environment;
  }

  /** What the Automation API takes for its own command: it calls `run` and reads `version`. */
  forAutomation(): PulumiCommand {
    return this as unknown as PulumiCommand;
  }

  async run(
    args: string[],
    cwd: string,
    environment: Record<string, string> = {},
    onOutput?: (text: string) => void,
    onError?: (text: string) => void,
    _signal?: AbortSignal,
    input?: string,
  ): Promise<CommandOutput> {
    const env: NodeJS.ProcessEnv = { ...process.env, ...this.#environment, ...environment };
    env.PULUMI_AUTOMATION_API = "true";
    const whole = args.includes("--non-interactive") ? args : [...args, "--non-interactive"];
    const child = spawn(this.command, whole, { cwd, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    this.#running = child;
    const forget = noteEngine(env.PULUMI_BACKEND_URL ?? "", child.pid);
    child.stdin.on("error", () => undefined).end(input ?? "");
    const stdout = collect(child.stdout, onOutput);
    const stderr = collect(child.stderr, onError);
    const code = await new Promise<number>((resolve, reject) => {
      child.on("error", reject).on("close", (exit) => resolve(exit ?? -1));
    }).finally(forget);
    const output = { stdout: stdout.text(), stderr: stderr.text(), code };
    if (code !== 0) throw new EngineFailure(output);
    return output;
  }

  /** Asks the running operation to end: at the next item boundary the first time, at once the second time. */
  interrupt(): void {
    this.#running?.kill("SIGINT");
  }
}

function collect(stream: NodeJS.ReadableStream, listener?: (text: string) => void): { text(): string } {
  const parts: Buffer[] = [];
  stream.on("data", (part: Buffer) => {
    parts.push(part);
    listener?.(part.toString());
  });
  return { text: () => Buffer.concat(parts).toString() };
}
