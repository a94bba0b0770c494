import { join } from "node:path";
import { refuseOverlap } from "../../lab/index.ts";
import { settingsFrom } from "../../provider/index.ts";
import type { Configuration } from "../../stacks/configuration.ts";
import { type Deployment, labOutputs } from "../engine/deployment.ts";
import type { Engine } from "../engine/engine.ts";
import { prepare, usesLab } from "../preparing/prepare.ts";
import { toolProgress } from "../preparing/toolProgress.ts";
import { type Declared, type Rehearsal, rehearse } from "../rehearsal/rehearse.ts";
import { root } from "../root.ts";
import { openConfigured } from "./openStack.ts";
import { type ConfiguredStack, engineSettings, readStackFile } from "./stackFile.ts";
import { requireLoginKeys } from "./usableKeys.ts";

/** A stack that is open, and what its program declares of machines. */
export interface OpenProgram {
  engine: Engine;
  configuration: Configuration;
  declared: Declared;
}

/**
 * A stack whose program is about to run; it is made where there is none. What the program needs of this computer is
 * brought about, and what it would be refused for is refused now. Errors: GW101, GW506, GW709, those of readStackFile,
 * requireLoginKeys, prepare and rehearse.
 */
export async function openProgram(stack: string): Promise<OpenProgram> {
  const { configured, rehearsal } = await readyProgram(stack);
  // Side by side: each takes about a second.
  const [engine, declared] = await Promise.all([openConfigured(configured, true), rehearse(rehearsal)]);
  return { engine, configuration: configured.configuration, declared };
}

/** A stack with its state, secrets in clear, and what its program declares of machines. */
export interface DeclaredStack {
  configuration: Configuration;
  deployment: Deployment;
  declared: Declared;
}

/** As {@link openProgram}, for a command that compares what is declared without the engine. */
export async function openDeclared(stack: string): Promise<DeclaredStack> {
  const { configured, rehearsal } = await readyProgram(stack);
  const engine = await openConfigured(configured, true);
  const deployment = await engine.export();
  const declared = await rehearse({ ...rehearsal, lab: labOutputs(deployment) });
  return { configuration: configured.configuration, deployment, declared };
}

async function readyProgram(stack: string): Promise<{ configured: ConfiguredStack; rehearsal: Rehearsal }> {
  // What the provider would refuse once it is asked for the first machine.
  settingsFrom(process.env);
  const configured = await readStackFile(stack);
  const { configuration, file } = configured;
  await requireLoginKeys(configuration);
  await prepare(configuration, toolProgress());
  if (usesLab(configuration)) await refuseOverlap({ name: stack, ...configuration.network });
  const config = engineSettings(file);
  return {
    configured,
    rehearsal: { program: join(root, "index.ts"), project: "groundwork", stack, config },
  };
}
