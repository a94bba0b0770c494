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
  const { configuration, problems } = examineConfiguration(
    configurationOf(await readText(path), path),
    stack,
  );
  if (configuration === undefined || problems.length > 0) throw configurationError(problems);
  return configuration;
}

/** The text of a stack's file. Errors: GW101 without it. */
export async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw new GroundworkError("GW101", {
      where: basename(path),
      what: "there is no such file",
      mend: "Copy Pulumi.dev.yaml, and list your own machines in it",
      cause,
    });
  });
}

/** The properties of our namespace in the text of a stack's file. Errors: GW101 where it is no YAML. */
export function configurationOf(text: string, path: string): Record<string, unknown> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    throw new GroundworkError("GW101", {
      where: `${basename(path)}:${line}`,
      what: error.message.split("\n")[0] ?? "",
    });
  }
  const config = (document.toJS() as { config?: Record<string, unknown> } | null)?.config ?? {};
  const own = Object.entries(config).filter(([key]) => key.startsWith("groundwork:"));
  return Object.fromEntries(own.map(([key, value]) => [key.replace("groundwork:", ""), value]));
}
