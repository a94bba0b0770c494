import { delimiter, join } from "node:path";
import { cacheFolder } from "../../foundation/cacheFolder.ts";
import { stateFolder } from "../../foundation/stateFolder.ts";

/** The stack that `./groundwork up` brings up by itself, and the only one whose passphrase Groundwork makes. */
export const labStack = "dev";

export interface EnvironmentOptions {
  /** The project's folder. */
  root: string;
  /** The stack that commands work on. */
  stack: string;
  /** Folders that hold the engine and its language host. */
  programFolders: string[];
  /** How many operations may run at once: one for each stream on each machine. */
  parallel: number;
  /** What the user has set already. */
  environment: NodeJS.ProcessEnv;
}

/** Folder of the engine's state where the user names no backend. */
export function stateBackend(environment: NodeJS.ProcessEnv = process.env): string {
  return join(stateFolder(environment), "engine");
}

/** File with the passphrase that Groundwork made for a stack. */
export function passphraseFile(stack: string, environment: NodeJS.ProcessEnv): string {
  return join(stateFolder(environment), "passphrases", stack);
}

/** Whether Groundwork keeps the stack's passphrase: for `dev`, unless the user brings a backend's or an own one. */
export function ownsPassphrase(stack: string, environment: NodeJS.ProcessEnv): boolean {
  return stack === labStack && !hasPassphrase(environment);
}

/** Whether the user gives a passphrase; an empty one counts. */
export function hasPassphrase(environment: NodeJS.ProcessEnv): boolean {
  return (
    environment.PULUMI_CONFIG_PASSPHRASE !== undefined || Boolean(environment.PULUMI_CONFIG_PASSPHRASE_FILE)
  );
}

/**
 * What the engine needs beside the user's own environment. The user's backend, passphrase and PULUMI_HOME stay; our
 * PULUMI_HOME goes with our backend only, since a login to another one lies in the user's.
 */
export function engineEnvironment(options: EnvironmentOptions): Record<string, string> {
  const { root, stack, programFolders, parallel, environment } = options;
  const ownBackend = !environment.PULUMI_BACKEND_URL;
  return {
    PATH: [join(root, "node_modules", ".bin"), ...programFolders, environment.PATH ?? ""].join(delimiter),
    PULUMI_STACK: stack,
    ...(ownBackend ? { PULUMI_BACKEND_URL: `file://${stateBackend(environment)}` } : {}),
    ...(ownBackend && !environment.PULUMI_HOME
      ? { PULUMI_HOME: join(stateFolder(environment), "pulumi") }
      : {}),
    ...(ownsPassphrase(stack, environment)
      ? { PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile(stack, environment) }
      : {}),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    // A stack file without `encryptionsalt` is complete: the state knows the salt.
    PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
    PULUMI_PARALLEL: String(parallel),
    PULUMI_PARALLEL_DIFF: "true",
    NODE_COMPILE_CACHE: join(cacheFolder(environment), "node"),
  };
}

/** Slots for the engine: every stream on every machine at once, and a few for what is not on a machine. */
export function parallelism(streams: number, machines: number): number {
  return streams * machines + 4;
}
