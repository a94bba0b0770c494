import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseDocument } from "yaml";
import { GroundworkError } from "../../errors/index.ts";
import { root } from "../root.ts";
import { ownsPassphrase } from "./environment.ts";

/** The stack's configuration file in a project's folder. */
export const stackFile = (folder: string, stack: string): string => join(folder, `Pulumi.${stack}.yaml`);

/** A stack's file as it was checked: the rehearsal and every run are of this text, whatever is edited meanwhile. */
export interface CheckedFile {
  stack: string;
  text: string;
}

/**
 * Whether the engine writes to a copy of the stack's file, which is a person's own text, and often shared. What a
 * secrets provider gives the engine belongs into the file itself.
 */
export function staysAsItIs({ stack, text }: CheckedFile, environment: NodeJS.ProcessEnv): boolean {
  return ownsPassphrase(stack, environment) || !secretsProvider(text);
}

/**
 * Runs the engine on what was checked: on a copy of it, or, where that is undefined, on the file itself.
 * Errors: GW710 where that says something else by now.
 */
export async function withCheckedFile<T>(
  checked: CheckedFile,
  run: (configFile?: string) => Promise<T>,
  project = root,
): Promise<T> {
  if (staysAsItIs(checked, process.env)) return withPrivateCopy(checked, run);
  await requireUnchanged(checked, project);
  return run();
}

/**
 * Runs with a copy of the stack's file without its salt, alone in a folder, for the engine to write to: the salt belongs
 * to a passphrase that others do not have, so it must not come into a file that is shared. A file with encrypted values
 * keeps its salt.
 */
export async function withPrivateCopy<T>(
  { stack, text }: CheckedFile,
  run: (copy: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "groundwork-"));
  try {
    const copy = stackFile(folder, stack);
    await writeFile(copy, withoutSalt(text), { mode: 0o600 });
    return await run(copy);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Of the settings: the engine itself writes beside them, and lays the file out anew. */
async function requireUnchanged({ stack, text }: CheckedFile, project: string): Promise<void> {
  const now = await readFile(stackFile(project, stack), "utf8").catch(() => "");
  const settings = (yaml: string): unknown =>
    (parseDocument(yaml).toJS() as { config?: unknown } | null)?.config;
  if (isDeepStrictEqual(settings(now), settings(text))) return;
  throw new GroundworkError("GW710", {
    where: `Pulumi.${stack}.yaml`,
    what: "its settings are not those that were checked, so nothing was started",
  });
}

/** The text without the engine's salt, unless something is encrypted with it. */
export function withoutSalt(text: string): string {
  if (/^\s+(- )?secure:/m.test(text) || /\{\s*secure:/.test(text)) return text;
  return text.replace(/^encryptionsalt:.*\n?/m, "");
}

/** The secrets provider that a stack's file names, such as `awskms://…`; undefined for a passphrase. */
export function secretsProvider(text: string): string | undefined {
  const named = /^secretsprovider:\s*["']?([^\s"'#]+)/m.exec(text)?.[1];
  return named === "passphrase" || named === "default" ? undefined : named;
}
