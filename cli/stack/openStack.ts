import type { Configuration } from "../../stacks/configuration.ts";
import type { Engine } from "../engine/engine.ts";
import { parallelism } from "../engine/environment.ts";
import { openEngine } from "../engine/openEngine.ts";
import { toolProgress } from "../preparing/toolProgress.ts";
import { type ConfiguredStack, readStackFile } from "./stackFile.ts";
import { enabledStreams } from "./streams.ts";

/** A stack that is there, with its configuration. Errors: GW101, GW203, GW6xx, GW705, GW709. */
export async function openStack(stack: string): Promise<{ engine: Engine; configuration: Configuration }> {
  const configured = await readStackFile(stack);
  return { engine: await openConfigured(configured, false), configuration: configured.configuration };
}

/** A stack whose configuration is known; `create` makes it where there is none. Errors: GW6xx, GW705, GW709. */
export function openConfigured({ configuration, file }: ConfiguredStack, create: boolean): Promise<Engine> {
  return openEngine({ file, parallel: parallelOf(configuration), progress: toolProgress(), create });
}

/** Operations at once for a configuration. */
export function parallelOf(configuration: Configuration): number {
  return parallelism(enabledStreams(configuration).length, Object.keys(configuration.machines).length);
}
