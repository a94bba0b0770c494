import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Problem } from "../../foundation/problem.ts";
import { configurationError } from "../../stacks/configuration.ts";

/** A program, and what the engine would tell it. */
export interface Rehearsal {
  /** Path of its first file. */
  program: string;
  project: string;
  stack: string;
  /** By full key, structured values as JSON text. */
  config: Record<string, string>;
}

/**
 * Registers all resources of a program with nobody behind it, and refuses what would be refused later, when the first
 * of them may be under way. No machine is asked. The engine shows a resource to the provider only when everything
 * that it waits for is done, so it finds out too late by itself.
 * Errors: GW102, GW103 (two streams want one item differently), and those of components.
 */
export async function rehearse(rehearsal: Rehearsal): Promise<void> {
  const problems = await problemsOf(rehearsal);
  if (problems.length > 0) throw configurationError(problems);
}

function problemsOf(rehearsal: Rehearsal): Promise<Problem[]> {
  const child = fork(fileURLToPath(new URL("program.ts", import.meta.url)), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    // What the program prints is for its real run.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.send(rehearsal);
  return new Promise((resolve, reject) => {
    child.on("message", (problems) => resolve(problems as Problem[]));
    child.on("error", reject);
    // A program that ends its own process says nothing; the engine tells why.
    child.on("exit", () => resolve([]));
  });
}
