import { execa } from "execa";

/** What a finished command left behind. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  input?: string;
  /** Added to the environment of this process. */
  environment?: Record<string, string>;
  /** Seconds until it is killed; 60 by default. */
  timeLimit?: number;
}

/** Runs a program of this host and waits for it; throws with its own words when it fails. */
export async function run(file: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const result = await attempt(file, args, options);
  if (result.exitCode !== 0) {
    throw new Error(`${file} ${args.join(" ")}: ${result.stderr.trim() || `exit code ${result.exitCode}`}`);
  }
  return result.stdout;
}

/** Runs a program of this host and reports how it ended, whatever that was. */
export async function attempt(
  file: string,
  args: string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await execa(file, args, {
    reject: false,
    input: options.input ?? "",
    timeout: (options.timeLimit ?? 60) * 1000,
    env: { LC_ALL: "C", ...options.environment },
  });
  return {
    exitCode: result.exitCode ?? 1,
    stdout: result.stdout,
    stderr: result.stderr || (result.failed ? (result.shortMessage ?? "") : ""),
  };
}
