import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { GroundworkError } from "../../errors/index.ts";
import { root } from "../root.ts";

/**
 * Refuses a passphrase file that the engine could not read: it would end in the middle of things, with words of its own.
 * Errors: GW709.
 */
export async function requireGivenPassphrase(environment: NodeJS.ProcessEnv): Promise<void> {
  const { PULUMI_CONFIG_PASSPHRASE: passphrase, PULUMI_CONFIG_PASSPHRASE_FILE: named } = environment;
  // The engine asks the variable first, and runs in the project's folder.
  if (passphrase || !named) return;
  const file = resolve(root, named);
  await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new GroundworkError("GW709", {
      where: `PULUMI_CONFIG_PASSPHRASE_FILE ${file}`,
      what: faults[cause.code ?? ""] ?? `it cannot be read (${cause.code})`,
      mend: "Name the file with the stack's passphrase, which only you can read",
      cause,
    });
  });
}

const faults: Record<string, string> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
};
