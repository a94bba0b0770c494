import { Command } from "commander";
import { openStack } from "../openStack.ts";
import { operate } from "../operate.ts";
import { type CommonOptions, commonOptions, examples } from "../options.ts";
import { printSummary } from "../printSummary.ts";

export const destroyCommand = commonOptions(new Command("destroy"))
  .description("remove the lab, and put existing machines back as they were")
  .addHelpText("after", examples({ "./groundwork destroy --yes": "remove the lab without a question" }))
  .action(async (options: CommonOptions) => {
    process.exitCode = await destroy(options);
  });

/** Exit codes: 0 all is gone, 1 something is left, 2 nothing could be started. */
export async function destroy(options: CommonOptions): Promise<number> {
  const { engine } = await openStack(options.stack, false);
  const summary = await operate(engine, { operation: "destroy", json: options.json });
  printSummary(summary, options.json, "nothing was there");
  return summary.succeeded ? 0 : 1;
}
