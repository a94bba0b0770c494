import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { stateFolder } from "../../foundation/stateFolder.ts";
import { root } from "../root.ts";
import { ownsPassphrase } from "./environment.ts";

/** The stack's configuration file in a project's folder. */
export const stackFile = (folder: string, stack: string): string => join(folder, `Pulumi.${stack}.yaml`);

/**
 * Whether the engine writes to a copy of the stack's file, which is a person's own text, and often shared. What a
 * secrets provider gives the engine belongs into the file itself.
 */
export async function staysAsItIs(stack: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  return ownsPassphrase(stack, environment) || !(await secretsProvider(stack));
}

/**
 * A copy of the stack's file without its salt, for the engine to write to: the salt belongs to a passphrase that others
 * do not have, so it must not come into a file that is shared. A file with encrypted values keeps its salt.
 */
export async function privateConfigFile(stack: string, project = root): Promise<string> {
  const text = await readFile(stackFile(project, stack), "utf8").catch(() => "");
  const copy = stackFile(join(stateFolder(), "stackFiles", nameOf(project)), stack);
  const draft = `${copy}.${process.pid}.new`;
  await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
  try {
    await writeFile(draft, withoutSalt(text), { mode: 0o600 });
    // Another command on this stack may be reading it.
    await rename(draft, copy);
  } finally {
    await rm(draft, { force: true });
  }
  return copy;
}

/** Another copy of the project has its own stacks of the same names. */
const nameOf = (project: string): string => createHash("sha256").update(project).digest("hex").slice(0, 16);

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
