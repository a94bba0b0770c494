import { join } from "node:path";
import type { Configuration } from "../stacks/configuration.ts";
import type { Engine } from "./engine/engine.ts";
import { openConfigured } from "./openStack.ts";
import { prepare } from "./prepare.ts";
import { rehearse } from "./rehearsal/rehearse.ts";
import { root } from "./root.ts";
import { readEngineSettings, readStackFile } from "./stackFile.ts";
import { toolProgress } from "./toolProgress.ts";

/**
 * A stack whose program is about to run; it is made where there is none. What the program needs of this computer is
 * brought about, and what it would be refused for is refused now. Errors: GW709, those of readStackFile, prepare and
 * rehearse.
 */
export async function openProgram(stack: string): Promise<{ engine: Engine; configuration: Configuration }> {
  const configuration = await readStackFile(stack);
  await prepare(configuration, toolProgress());
  const config = await readEngineSettings(stack);
  // Side by side: each takes about a second.
  const [engine] = await Promise.all([
    openConfigured(stack, configuration, true),
    rehearse({ program: join(root, "index.ts"), project: "groundwork", stack, config }),
  ]);
  return { engine, configuration };
}
