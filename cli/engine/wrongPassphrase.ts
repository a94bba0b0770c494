import { existsSync } from "node:fs";
import { GroundworkError } from "../../errors/index.ts";
import { EngineFailure } from "./command.ts";
import { hasPassphrase, labStack, passphraseFile } from "./environment.ts";

/** What is thrown for an error of the engine: GW709 where it was given another passphrase than the stack's. */
export function withPassphraseNamed(
  stack: string,
  error: unknown,
  environment: NodeJS.ProcessEnv = process.env,
): unknown {
  if (!(error instanceof EngineFailure) || !/incorrect passphrase/.test(error.message)) return error;
  return new GroundworkError("GW709", {
    where: `Pulumi.${stack}.yaml`,
    what: "what is encrypted for this stack is encrypted with another passphrase",
    mend: isKeptForIt(stack, environment) ? useOurs : giveYours,
    cause: error,
  });
}

/** Whether Groundwork made a passphrase for the stack, and the user gives another one. */
const isKeptForIt = (stack: string, environment: NodeJS.ProcessEnv): boolean =>
  stack === labStack && hasPassphrase(environment) && existsSync(passphraseFile(stack, environment));

const useOurs =
  "Groundwork keeps a passphrase of its own for this stack, and yours goes before it: run unset PULUMI_CONFIG_PASSPHRASE PULUMI_CONFIG_PASSPHRASE_FILE, then try again";

const giveYours =
  "Give the one that the stack was made with in PULUMI_CONFIG_PASSPHRASE_FILE; where the file was copied from another stack's, delete its line encryptionsalt and every value under secure";
