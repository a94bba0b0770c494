import type { Configuration } from "../stacks/configuration.ts";
import type { Engine } from "./engine/engine.ts";
import { parallelism } from "./engine/environment.ts";
import { openEngine } from "./engine/openEngine.ts";
import { readStackFile } from "./stackFile.ts";
import { enabledStreams } from "./streams.ts";
import { toolProgress } from "./toolProgress.ts";

/** A stack with its configuration; `create` makes it where there is none. Errors: GW101, GW203, GW6xx, GW705, GW709. */
export async function openStack(
  stack: string,
  create: boolean,
  before: (configuration: Configuration) => Promise<void> = async () => undefined,
): Promise<{ engine: Engine; configuration: Configuration }> {
  const configuration = await readStackFile(stack);
  await before(configuration);
  const engine = await openEngine({
    stack,
    parallel: parallelOf(configuration),
    progress: toolProgress(),
    create,
  });
  return { engine, configuration };
}

/** Operations at once for a configuration. */
export function parallelOf(configuration: Configuration): number {
  return parallelism(enabledStreams(configuration).length, Object.keys(configuration.machines).length);
}
