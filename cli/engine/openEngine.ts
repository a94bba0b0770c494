import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LocalWorkspace, Stack } from "@pulumi/pulumi/automation/index.js";
import { GroundworkError } from "../../errors/index.ts";
import type { Progress } from "../../tools/index.ts";
import { root } from "../root.ts";
import { EngineCommand, EngineFailure } from "./command.ts";
import { Engine } from "./engine.ts";
import {
  engineEnvironment,
  hasPassphrase,
  ownsPassphrase,
  passphraseFile,
  stateBackend,
} from "./environment.ts";
import { requireGivenPassphrase } from "./givenPassphrase.ts";
import { type EnginePrograms, enginePrograms } from "./programs.ts";
import { ensureSecretFile, newPassphrase } from "./secretFile.ts";
import { type CheckedFile, secretsProvider, staysAsItIs, withPrivateCopy } from "./stackConfigFile.ts";
import { withPassphraseNamed } from "./wrongPassphrase.ts";

export interface OpenOptions {
  /** The stack, by its file. */
  file: CheckedFile;
  /** How many operations may run at once. */
  parallel: number;
  progress: Progress;
  /** Make the stack where there is none. Otherwise: GW705. */
  create: boolean;
}

/** Loaded when the engine is used: half a second that other commands do not need. */
const automation = (): Promise<typeof import("@pulumi/pulumi/automation/index.js")> =>
  import("@pulumi/pulumi/automation/index.js");

/** Opens a stack. Errors: GW705 without it, GW709 without its passphrase, GW6xx without an engine. */
export async function openEngine(options: OpenOptions): Promise<Engine> {
  const programs = await enginePrograms(options.progress);
  const environment = await prepareEnvironment(options, programs);
  const command = new EngineCommand(programs.command, programs.version, environment);
  const { LocalWorkspace } = await automation();
  const workspace = await LocalWorkspace.create({ workDir: root, pulumiCommand: command.forAutomation() });
  return new Engine({
    stack: await openStack(options, workspace),
    command,
    environment,
    file: options.file,
  });
}

/** The environment in which plain Pulumi works on the project, and everything that it names. */
export async function prepareEngine(options: Omit<OpenOptions, "create">): Promise<Record<string, string>> {
  return prepareEnvironment(options, await enginePrograms(options.progress));
}

async function prepareEnvironment(
  { file, parallel }: Omit<OpenOptions, "create">,
  programs: EnginePrograms,
): Promise<Record<string, string>> {
  const { stack } = file;
  const environment = engineEnvironment({
    root,
    stack,
    programFolders: programs.folders,
    parallel,
    environment: process.env,
  });
  // Readings are made in this process: what they say of a machine names the stack as the engine's provider does.
  process.env.PULUMI_STACK = stack;
  await prepareBackend(environment);
  await preparePassphrase(file);
  return environment;
}

/** A backend in files wants its folder to be there. */
async function prepareBackend(environment: Record<string, string>): Promise<void> {
  if (environment.PULUMI_BACKEND_URL !== undefined)
    await mkdir(stateBackend(), { recursive: true, mode: 0o700 });
}

/** Makes the passphrase that Groundwork keeps for the stack. Errors: GW709 where it keeps none and none is given, or none that can be read. */
async function preparePassphrase({ stack, text }: CheckedFile): Promise<void> {
  if (secretsProvider(text) === undefined) await requireGivenPassphrase(process.env);
  if (ownsPassphrase(stack, process.env))
    await ensureSecretFile(passphraseFile(stack, process.env), newPassphrase());
  else if (!process.env.PULUMI_BACKEND_URL && !hasPassphrase(process.env) && !secretsProvider(text))
    throw new GroundworkError("GW709", {
      where: stack,
      what: "only the stack dev gets a passphrase by itself",
    });
}

async function openStack({ file, create }: OpenOptions, workspace: LocalWorkspace): Promise<Stack> {
  const { stack } = file;
  const { Stack } = await automation();
  try {
    return await Stack.select(stack, workspace);
  } catch (error) {
    if (!(error instanceof EngineFailure) || !/no stack named/.test(error.message)) throw error;
    if (!create) throw new GroundworkError("GW705", { where: stack, what: "there is no such stack" });
  }
  await initialise(file, workspace).catch((failure: unknown) => {
    throw withPassphraseNamed(stack, failure);
  });
  return Stack.select(stack, workspace);
}

/**
 * Makes a stack. Where its file stays as it is, from a folder of its own with the copy of it, so that the engine writes
 * no salt into the project.
 */
async function initialise(file: CheckedFile, { pulumiCommand }: LocalWorkspace): Promise<void> {
  const { LocalWorkspace } = await automation();
  if (!staysAsItIs(file, process.env)) {
    const workspace = await LocalWorkspace.create({
      workDir: root,
      pulumiCommand,
      secretsProvider: secretsProvider(file.text),
    });
    return workspace.createStack(file.stack);
  }
  await withPrivateCopy(file, async (copy) => {
    const workDir = dirname(copy);
    await cp(join(root, "Pulumi.yaml"), join(workDir, "Pulumi.yaml"));
    const workspace = await LocalWorkspace.create({ workDir, pulumiCommand });
    await workspace.createStack(file.stack);
  });
}
