import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { GroundworkError } from "../../errors/index.ts";
import { type Configuration, configurationError, examineConfiguration } from "../../stacks/configuration.ts";
import { type CheckedFile, stackFile } from "../engine/stackConfigFile.ts";
import { root } from "../root.ts";

/** The configuration as a stack's file says it, and the text that says so. */
export interface ConfiguredStack {
  configuration: Configuration;
  file: CheckedFile;
}

/**
 * Reads the stack's file, once for all that follows, and checks it before the engine starts. Errors: GW101, GW203.
 */
export async function readStackFile(stack: string): Promise<ConfiguredStack> {
  const path = stackFile(root, stack);
  const text = await readText(path);
  const own = configurationOf(text, path);
  if (own.machines === undefined) throw withoutMachines(text, path);
  const { configuration, problems } = examineConfiguration(own, stack);
  if (configuration === undefined || problems.length > 0) throw configurationError(problems);
  return { configuration, file: { stack, text } };
}

/** What is there in the place of machines: a name that was mistyped, or one that stands beside `config`. */
export function withoutMachines(text: string, path: string): GroundworkError {
  const { config, ...beside } = fileOf(text, path);
  const known = ["groundwork:network", "groundwork:streams"];
  const named = Object.keys(config ?? {}).filter(
    (key) => /machine|groundwork/i.test(key) && !known.includes(key),
  );
  const misplaced = Object.keys(beside).filter((key) => key.startsWith("groundwork:"));
  const without = config === undefined ? "it has no config" : "it has no groundwork:machines under config";
  const error = (found: string, mend: string): GroundworkError =>
    new GroundworkError("GW101", { where: basename(path), what: `${without}${found}`, mend });
  if (named.length > 0)
    return error(`, but ${named.join(", ")}`, "Write it as groundwork:machines, if it lists your machines");
  if (misplaced.length > 0)
    return error(`, and ${misplaced.join(", ")} beside it`, "Move it under config, two spaces further in");
  return error("", "List your machines there: docs/your-own-machines.md shows an example");
}

/** The text of a stack's file. Errors: GW101 without it. */
export async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw new GroundworkError("GW101", {
      where: basename(path),
      what: "there is no such file",
      mend: "Write one with your own machines: docs/your-own-machines.md shows an example",
      cause,
    });
  });
}

/** The properties of our namespace in the text of a stack's file. Errors: GW101 where it is no YAML or a prefix is missing. */
export function configurationOf(text: string, path: string): Record<string, unknown> {
  const settings = settingsOf(text, path);
  const bare = ["machines", "network", "streams"].find((name) => name in settings);
  if (bare !== undefined)
    throw new GroundworkError("GW101", {
      where: `${basename(path)}: config.${bare}`,
      what: "our settings have a prefix, and it has none",
      mend: `Write it as groundwork:${bare}`,
    });
  const own = Object.entries(settings).filter(([key]) => key.startsWith("groundwork:"));
  return Object.fromEntries(own.map(([key, value]) => [key.replace("groundwork:", ""), value]));
}

/**
 * All settings of a stack's file as the engine tells them to a program: structured ones as JSON text. What is
 * encrypted is left out. Errors: GW101.
 */
export function engineSettings({ stack, text }: CheckedFile): Record<string, string> {
  const settings = settingsOf(text, stackFile(root, stack));
  const plain = Object.entries(settings).filter(([, value]) => !isEncrypted(value));
  return Object.fromEntries(
    plain.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

const isEncrypted = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "secure" in value;

const settingsOf = (text: string, path: string): Record<string, unknown> => fileOf(text, path).config ?? {};

function fileOf(text: string, path: string): { config?: Record<string, unknown> } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    throw new GroundworkError("GW101", {
      where: `${basename(path)}:${line}`,
      // The library says the place again, and shows it.
      what: (error.message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, ""),
      mend: "Correct the YAML of that line or of the one before it",
    });
  }
  return (document.toJS() as { config?: Record<string, unknown> } | null) ?? {};
}
