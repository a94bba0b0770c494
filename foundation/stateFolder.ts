import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where Groundwork keeps what must not be lost and belongs to no repository: the engine's state, the passphrase of
 * `dev`, the login key of the lab. `$GROUNDWORK_STATE`, or `groundwork` under `$XDG_STATE_HOME`
 * (by default `~/.local/state`).
 */
export function stateFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return (
    environment.GROUNDWORK_STATE ||
    join(environment.XDG_STATE_HOME || join(homedir(), ".local", "state"), "groundwork")
  );
}

/** Private key of the lab machines' root login; its public half lies beside it as `.pub`. */
export function labLoginKey(environment: NodeJS.ProcessEnv = process.env): string {
  return join(stateFolder(environment), "labLogin", "id_ed25519");
}

/** File that tells the program what the lab's artifact server shows; `up` and `env` write it. */
export function labArtifactsFile(environment: NodeJS.ProcessEnv = process.env): string {
  return join(stateFolder(environment), "labArtifacts.json");
}
