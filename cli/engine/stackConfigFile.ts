import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stateFolder } from "../../foundation/stateFolder.ts";
import { root } from "../root.ts";
import { labStack, ownsPassphrase } from "./environment.ts";

/** The stack's configuration file in a project's folder. */
export const stackFile = (folder: string, stack: string): string => join(folder, `Pulumi.${stack}.yaml`);

/**
 * Whether the engine writes to a copy of the stack's file. The file of `dev` is part of the project, and shared; a
 * user's own secrets belong into the user's own file, and what a secrets provider gives the engine into that of
 * `dev`, too.
 */
export async function staysAsItIs(stack: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  return ownsPassphrase(stack, environment) || (stack === labStack && !(await secretsProvider(stack)));
}

/**
 * A copy of the stack's file without its salt, for the engine to write to: the salt belongs to a passphrase that others
 * do not have, so it must not come into a file that is shared. A file with encrypted values keeps its salt.
 */
export async function privateConfigFile(stack: string): Promise<string> {
  const text = await readFile(stackFile(root, stack), "utf8").catch(() => "");
  const copy = join(stateFolder(), "stackFiles", `Pulumi.${stack}.yaml`);
  await mkdir(join(stateFolder(), "stackFiles"), { recursive: true, mode: 0o700 });
  await writeFile(copy, withoutSalt(text), { mode: 0o600 });
  return copy;
}

/** The text without the engine's salt, unless something is encrypted with it. */
export function withoutSalt(text: string): string {
  if (/^\s+(- )?secure:/m.test(text) || /\{\s*secure:/.test(text)) return text;
  return text.replace(/^encryptionsalt:.*\n?/m, "");
}

/** The secrets provider that the stack's file names, such as `awskms://…`; undefined for a passphrase. */
export async function secretsProvider(stack: string): Promise<string | undefined> {
  const text = await readFile(stackFile(root, stack), "utf8").catch(() => "");
  const named = /^secretsprovider:\s*["']?([^\s"'#]+)/m.exec(text)?.[1];
  return named === "passphrase" || named === "default" ? undefined : named;
}
