import type { EngineEvent, PreviewOptions, Stack } from "@pulumi/pulumi/automation/index.js";
import { root } from "../root.ts";
import { type CommandOutput, type EngineCommand, EngineFailure } from "./command.ts";
import type { Deployment } from "./deployment.ts";
import { type CheckedFile, withCheckedFile } from "./stackConfigFile.ts";
import { withPassphraseNamed } from "./wrongPassphrase.ts";

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
  readonly #file: CheckedFile;

  constructor(parts: {
    stack: Stack;
    command: EngineCommand;
    environment: Record<string, string>;
    file: CheckedFile;
  }) {
    this.stack = parts.stack.name;
    this.environment = parts.environment;
    this.#stack = parts.stack;
    this.#command = parts.command;
    this.#file = parts.file;
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
    const shared = { ...options, color: "never", suppressOutputs: true } as const;
    try {
      await withCheckedFile(this.#file, (configFile) => start({ ...shared, configFile }));
      return { succeeded: true, said: "" };
    } catch (failure) {
      const error = withPassphraseNamed(this.stack, failure);
      if (error instanceof EngineFailure) return { succeeded: false, said: error.message };
      throw error;
    }
  }

  async #run(args: string[], input?: string): Promise<CommandOutput> {
    const whole = [...args, "--stack", this.stack];
    try {
      return await this.#command.run(whole, root, {}, undefined, undefined, undefined, input);
    } catch (failure) {
      throw withPassphraseNamed(this.stack, failure);
    }
  }
}
