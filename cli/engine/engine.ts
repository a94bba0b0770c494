import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineEvent, LocalWorkspace, PreviewOptions, Stack } from "@pulumi/pulumi/automation/index.js";
import { GroundworkError } from "../../errors/index.ts";
import type { Progress } from "../../tools/index.ts";
import { root } from "../root.ts";
import { EngineCommand, EngineFailure } from "./command.ts";
import type { Deployment } from "./deployment.ts";
import {
  engineEnvironment,
  hasPassphrase,
  ownsPassphrase,
  passphraseFile,
  stateBackend,
} from "./environment.ts";
import { type EnginePrograms, enginePrograms } from "./programs.ts";
import { ensureSecretFile, newPassphrase } from "./secretFile.ts";
import { privateConfigFile, secretsProvider } from "./stackConfigFile.ts";

export interface OpenOptions {
  stack: string;
  /** How many operations may run at once. */
  parallel: number;
  progress: Progress;
  /** Make the stack where there is none. Otherwise: GW705. */
  create: boolean;
}

export interface OperationOptions {
  onEvent(event: EngineEvent): void;
  /** URNs to touch; all when absent. */
  target?: string[];
}

/** How an operation ended: what the engine itself said is needed only where no event told it. */
export interface OperationEnd {
  succeeded: boolean;
  said: string;
}

/** One stack, driven through Pulumi's Automation API. */
export class Engine {
  readonly stack: string;
  readonly project: string = "groundwork";
  readonly environment: Record<string, string>;
  readonly #stack: Stack;
  readonly #command: EngineCommand;
  readonly #configFile: string | undefined;

  constructor(parts: {
    stack: Stack;
    command: EngineCommand;
    environment: Record<string, string>;
    configFile: string | undefined;
  }) {
    this.stack = parts.stack.name;
    this.environment = parts.environment;
    this.#stack = parts.stack;
    this.#command = parts.command;
    this.#configFile = parts.configFile;
    // After an operation the Automation API asks for outputs and history, three more runs of the engine, which
    // nobody reads here: the events have told everything.
    this.#stack.outputs = async () => ({});
    this.#stack.info = async () => undefined;
  }

  /** URL of the backend that holds the state. */
  get backend(): string {
    return this.environment.PULUMI_BACKEND_URL ?? process.env.PULUMI_BACKEND_URL ?? "";
  }

  up(options: OperationOptions): Promise<OperationEnd> {
    return this.#operation((shared) => this.#stack.up({ ...shared, continueOnError: true }), options);
  }

  preview(options: OperationOptions): Promise<OperationEnd> {
    return this.#operation((shared) => this.#stack.preview({ ...shared, diff: true }), options);
  }

  destroy(options: OperationOptions): Promise<OperationEnd> {
    return this.#operation((shared) => this.#stack.destroy({ ...shared, continueOnError: true }), options);
  }

  /** The stack's state with its secrets in clear: it stays in this process's memory. */
  async export(): Promise<Deployment> {
    const { stdout } = await this.#run(["stack", "export", "--show-secrets"]);
    return JSON.parse(stdout) as Deployment;
  }

  /** The stack's state as text, secrets encrypted. */
  async exportEncrypted(): Promise<Deployment> {
    return JSON.parse((await this.#run(["stack", "export"])).stdout) as Deployment;
  }

  /** Replaces the stack's state. */
  async import(deployment: Deployment): Promise<void> {
    await this.#run(["stack", "import"], JSON.stringify(deployment));
  }

  /** Removes the lock of an operation that is no more. */
  async cancelLock(): Promise<void> {
    await this.#run(["cancel", "--yes"]);
  }

  /** Asks the running operation to end: at the next item boundary the first time, at once the second time. */
  interrupt(): void {
    this.#command.interrupt();
  }

  async #operation(
    start: (shared: PreviewOptions) => Promise<unknown>,
    options: OperationOptions,
  ): Promise<OperationEnd> {
    const shared = {
      ...options,
      color: "never",
      configFile: this.#configFile,
      suppressOutputs: true,
    } as const;
    try {
      await start(shared);
      return { succeeded: true, said: "" };
    } catch (error) {
      if (error instanceof EngineFailure) return { succeeded: false, said: error.message };
      throw error;
    }
  }

  #run(args: string[], input?: string) {
    const whole = [...args, "--stack", this.stack];
    return this.#command.run(whole, root, {}, undefined, undefined, undefined, input);
  }
}

/** Loaded when the engine is used: half a second that other commands do not need. */
const automation = (): Promise<typeof import("@pulumi/pulumi/automation/index.js")> =>
  import("@pulumi/pulumi/automation/index.js");

/** Opens a stack. Errors: GW705 without it, GW709 without a passphrase, GW6xx without an engine. */
export async function openEngine(options: OpenOptions): Promise<Engine> {
  const { stack } = options;
  const programs = await enginePrograms(options.progress);
  const environment = await prepareEnvironment(options, programs);
  const command = new EngineCommand(programs.command, programs.version, environment);
  const { LocalWorkspace } = await automation();
  const workspace = await LocalWorkspace.create({ workDir: root, pulumiCommand: command.forAutomation() });
  return new Engine({
    stack: await openStack(options, workspace),
    command,
    environment,
    configFile: ownsPassphrase(stack, process.env) ? await privateConfigFile(stack) : undefined,
  });
}

/** The environment in which plain Pulumi works on the project, and everything that it names. */
export async function prepareEngine(options: Omit<OpenOptions, "create">): Promise<Record<string, string>> {
  return prepareEnvironment(options, await enginePrograms(options.progress));
}

async function prepareEnvironment(
  { stack, parallel }: Omit<OpenOptions, "create">,
  programs: EnginePrograms,
): Promise<Record<string, string>> {
  const environment = engineEnvironment({
    root,
    stack,
    programFolders: programs.folders,
    parallel,
    environment: process.env,
  });
  await prepareBackend(environment);
  await preparePassphrase(stack);
  return environment;
}

/** A backend in files wants its folder to be there. */
async function prepareBackend(environment: Record<string, string>): Promise<void> {
  if (environment.PULUMI_BACKEND_URL !== undefined)
    await mkdir(stateBackend(), { recursive: true, mode: 0o700 });
}

/** Makes the passphrase that Groundwork keeps for the stack. Errors: GW709 where it keeps none and none is given. */
async function preparePassphrase(stack: string): Promise<void> {
  if (ownsPassphrase(stack, process.env))
    await ensureSecretFile(passphraseFile(stack, process.env), newPassphrase());
  else if (!process.env.PULUMI_BACKEND_URL && !hasPassphrase(process.env) && !(await secretsProvider(stack)))
    throw new GroundworkError("GW709", {
      where: stack,
      what: "only the stack dev gets a passphrase by itself",
    });
}

async function openStack({ stack, create }: OpenOptions, workspace: LocalWorkspace): Promise<Stack> {
  const { Stack } = await automation();
  try {
    return await Stack.select(stack, workspace);
  } catch (error) {
    if (!(error instanceof EngineFailure) || !/no stack named/.test(error.message)) throw error;
    if (!create) throw new GroundworkError("GW705", { where: stack, what: "there is no such stack" });
  }
  await initialise(stack, workspace);
  return Stack.select(stack, workspace);
}

/**
 * Makes a stack. Where the passphrase is ours, from a folder of its own, so that the engine writes no salt into the
 * project; a user's own secrets belong into the user's own file.
 */
async function initialise(stack: string, { pulumiCommand }: LocalWorkspace): Promise<void> {
  const { LocalWorkspace } = await automation();
  if (!ownsPassphrase(stack, process.env)) {
    const provider = await secretsProvider(stack);
    const workspace = await LocalWorkspace.create({
      workDir: root,
      pulumiCommand,
      secretsProvider: provider,
    });
    return workspace.createStack(stack);
  }
  const folder = await mkdtemp(join(tmpdir(), "groundwork-"));
  try {
    await cp(join(root, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    const workspace = await LocalWorkspace.create({ workDir: folder, pulumiCommand });
    await workspace.createStack(stack);
  } finally {
    await rm(folder, { recursive: true });
  }
}
