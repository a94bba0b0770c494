import { GroundworkError } from "../../errors/index.ts";
import { EngineFailure } from "./command.ts";

/** What is thrown for an error of the engine: GW709 where it was given another passphrase than the stack's. */
export function withPassphraseNamed(stack: string, error: unknown): unknown {
  if (!(error instanceof EngineFailure) || !/incorrect passphrase/.test(error.message)) return error;
  return new GroundworkError("GW709", {
    where: `Pulumi.${stack}.yaml`,
    what: "what is encrypted for this stack is encrypted with another passphrase",
    mend: "Give the one that the stack was made with in PULUMI_CONFIG_PASSPHRASE_FILE; where the file was copied from another stack's, delete its line encryptionsalt and every value under secure",
    cause: error,
  });
}
