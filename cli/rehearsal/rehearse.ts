import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Problem } from "../../foundation/problem.ts";
import type { DeclaredHost } from "../../provider/index.ts";
import { configurationError } from "../../stacks/configuration.ts";

/** A program, and what the engine would tell it. */
export interface Rehearsal {
  /** Path of its first file. */
  program: string;
  project: string;
  stack: string;
  /** By full key, structured values as JSON text. */
  config: Record<string, string>;
  /** Outputs of the lab's resources that stand, by type and name such as `LabMachine server-1`. Default: none stands. */
  lab?: Record<string, Record<string, unknown>>;
}

/** What a program declares of machines. */
export interface Declared {
  hosts: DeclaredHost[];
  /** Why hosts may be missing here, or be declared in another way by an `up`. */
  doubts: string[];
}

/** What the process of a rehearsal answers. */
export interface Answer extends Declared {
  problems: Problem[];
}

/**
 * Registers all resources of a program with nobody behind it, and refuses what would be refused later, when the first
 * of them may be under way. No machine is asked. The engine shows a resource to the provider only when everything
 * that it waits for is done, so it finds out too late by itself.
 * Errors: GW102, GW103 (two streams want one item differently), and those of components.
 */
export async function rehearse(rehearsal: Rehearsal): Promise<Declared> {
  const { problems, hosts, doubts } = await answerOf(rehearsal);
  if (problems.length > 0) throw configurationError(problems);
  return { hosts, doubts };
}

function answerOf(rehearsal: Rehearsal): Promise<Answer> {
  const child = fork(fileURLToPath(new URL("program.ts", import.meta.url)), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    // What the program prints is for its real run.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.send(rehearsal);
  return new Promise((resolve, reject) => {
    child.on("message", (answer) => resolve(answer as Answer));
    child.on("error", reject);
    // A program that ends its own process says nothing; the engine tells why.
    child.on("exit", () =>
      resolve({ problems: [], hosts: [], doubts: ["the program ended its own process"] }),
    );
  });
}
