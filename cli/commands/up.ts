import { Command } from "commander";
import { openStack } from "../openStack.ts";
import { operate } from "../operate.ts";
import { type CommonOptions, commonOptions, examples } from "../options.ts";
import { prepare } from "../prepare.ts";
import { printSummary } from "../printSummary.ts";
import { toolProgress } from "../toolProgress.ts";

interface UpOptions extends CommonOptions {
  machine?: string[];
}

export const upCommand = commonOptions(new Command("up"))
  .description("bring every machine to its declared state, and prove it")
  .addHelpText(
    "after",
    examples({
      "./groundwork up": "bring up the lab",
      "./groundwork up --stack production --yes": "your own machines, from Pulumi.production.yaml",
    }),
  )
  .action(async (options: UpOptions) => {
    process.exitCode = await up(options);
  });

/** Exit codes: 0 all is as declared, 1 something failed or a machine was not reached, 2 nothing could be started. */
export async function up(options: UpOptions): Promise<number> {
  const { engine } = await openStack(options.stack, true, (configuration) =>
    prepare(configuration, toolProgress()),
  );
  const summary = await operate(engine, { operation: "up", json: options.json });
  printSummary(summary, options.json, "nothing changed: every machine was read and is as declared");
  return summary.succeeded ? 0 : 1;
}
