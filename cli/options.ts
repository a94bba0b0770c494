import { type Command, InvalidArgumentError, Option } from "commander";
import { labStack } from "./engine/environment.ts";

/** Options that most commands have. */
export interface CommonOptions {
  stack: string;
  yes: boolean;
  json: boolean;
}

/** Options of commands that only read. */
export type ReadOptions = Pick<CommonOptions, "stack" | "json">;

export const stackOption = (): Option =>
  new Option("-s, --stack <name>", "the stack: Pulumi.NAME.yaml configures it")
    .default(labStack)
    .argParser(stackName);

/** A stack's name; its file's name, which says it too, is refused with the way to write it. */
export function stackName(text: string): string {
  const name = /^(?:.*\/)?Pulumi\.(.+)\.ya?ml$/.exec(text)?.[1];
  if (name === undefined) return text;
  throw new InvalidArgumentError(`Give the NAME of Pulumi.NAME.yaml only: --stack ${name}`);
}

/** How a command names the stack in advice: nothing for the one that it takes by itself. */
export const stackWords = (stack: string): string => (stack === labStack ? "" : ` --stack ${stack}`);

export const jsonOption = (): Option =>
  new Option("--json", "print the result as JSON; progress goes to standard error").default(false);

export const yesOption = (what = "go on without asking"): Option =>
  new Option("-y, --yes", what).default(false);

const names = (text: string): string[] => text.split(",").map((name) => name.trim());

export const confirmOption = (): Option =>
  new Option("--confirm <machines>", "machines that are not of the lab and shall be put back, with commas")
    .default([])
    .argParser(names);

const leaveLockedOption = (): Option =>
  new Option("--leave-locked <machines>", "machines that may lose the only login in use, with commas")
    .default([])
    .argParser(names);

export const goneOption = (): Option =>
  new Option(
    "--gone <machines>",
    "machines that never come back, with commas: given up where they do not answer, put back where they do",
  )
    .default([])
    .argParser(names);

/** Adds `--stack`, `--yes` and `--json`. */
export function commonOptions(command: Command): Command {
  return command.addOption(stackOption()).addOption(yesOption()).addOption(jsonOption());
}

/** The examples at the end of a command's help, and what its exit codes mean where they say more than usual. */
export function examples(lines: Record<string, string>, exitCodes?: string): string {
  const width = Math.max(...Object.keys(lines).map((line) => line.length));
  const rows = Object.entries(lines).map(([line, what]) => `  ${line.padEnd(width)}  ${what}`);
  return `\nExamples:\n${rows.join("\n")}\n${exitCodes === undefined ? "" : `\nExit codes: ${exitCodes}\n`}`;
}

/** The machines that a command which gives something back may be told of. */
export interface GiveBackOptions extends CommonOptions {
  confirm: string[];
  leaveLocked: string[];
  gone: string[];
}

/** Adds `--confirm`, `--leave-locked` and `--gone`. */
export function giveBackOptions(command: Command): Command {
  return command.addOption(confirmOption()).addOption(leaveLockedOption()).addOption(goneOption());
}
