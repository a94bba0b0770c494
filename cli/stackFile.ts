import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { GroundworkError } from "../errors/index.ts";
import { type Configuration, configurationError, examineConfiguration } from "../stacks/configuration.ts";
import { stackFile } from "./engine/stackConfigFile.ts";
import { root } from "./root.ts";

/**
 * The configuration as the stack's file says it, checked before the engine starts. Errors: GW101, GW203.
 */
export async function readStackFile(stack: string): Promise<Configuration> {
  const path = stackFile(root, stack);
  const own = configurationOf(await readText(path), path);
  if (own.machines === undefined)
    throw new GroundworkError("GW101", {
      where: basename(path),
      what: "it has no groundwork:machines under config",
      mend: "List your machines there: docs/your-own-machines.md shows an example",
    });
  const { configuration, problems } = examineConfiguration(own, stack);
  if (configuration === undefined || problems.length > 0) throw configurationError(problems);
  return configuration;
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
export async function readEngineSettings(stack: string): Promise<Record<string, string>> {
  const path = stackFile(root, stack);
  const plain = Object.entries(settingsOf(await readText(path), path)).filter(
    ([, value]) => !isEncrypted(value),
  );
  return Object.fromEntries(
    plain.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

const isEncrypted = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "secure" in value;

function settingsOf(text: string, path: string): Record<string, unknown> {
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
  return (document.toJS() as { config?: Record<string, unknown> } | null)?.config ?? {};
}
