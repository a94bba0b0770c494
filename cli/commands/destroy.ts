import { Command } from "commander";
import { openEngine } from "../engine/engine.ts";
import { parallelism } from "../engine/environment.ts";
import { operate } from "../operate.ts";
import { type CommonOptions, commonOptions, examples } from "../options.ts";
import { printSummary } from "../printSummary.ts";
import { readStackFile } from "../stackFile.ts";
import { enabledStreams } from "../streams.ts";
import { toolProgress } from "../toolProgress.ts";

export const destroyCommand = commonOptions(new Command("destroy"))
  .description("remove the lab, and put existing machines back as they were")
  .addHelpText("after", examples({ "./groundwork destroy --yes": "remove the lab without a question" }))
  .action(async (options: CommonOptions) => {
    process.exitCode = await destroy(options);
  });

/** Exit codes: 0 all is gone, 1 something is left, 2 nothing could be started. */
export async function destroy(options: CommonOptions): Promise<number> {
  const configuration = await readStackFile(options.stack);
  const engine = await openEngine({
    stack: options.stack,
    parallel: parallelism(enabledStreams(configuration).length, Object.keys(configuration.machines).length),
    progress: toolProgress(),
    create: false,
  });
  const summary = await operate(engine, { operation: "destroy", json: options.json });
  printSummary(summary, options.json, "nothing was there");
  return summary.succeeded ? 0 : 1;
}
