import { Command } from "commander";
import { settle } from "../engine/settle.ts";
import { openProgram } from "../openProgram.ts";
import { operate } from "../operate.ts";
import { type CommonOptions, commonOptions, examples } from "../options.ts";
import { printSummary } from "../printSummary.ts";
import { say } from "../say.ts";
import { enabledStreams } from "../streams.ts";
import { machineTargets } from "../targets.ts";

interface UpOptions extends CommonOptions {
  machine?: string;
  /** A stack of this project whose claims are taken over; the provider reads it from the environment. */
  adopt?: string;
}

export const upCommand = commonOptions(new Command("up"))
  .description("bring every machine to its declared state, and prove it")
  .option("--machine <name>", "touch this machine only; gates are asked all the same")
  .option(
    "--adopt <stack>",
    "take over what this stack claims on the machines: its state is lost, or it has a new name",
  )
  .addHelpText(
    "after",
    examples(
      {
        "./groundwork up": "bring up the lab",
        "./groundwork up --stack production --yes": "your own machines, from Pulumi.production.yaml",
        "./groundwork up --machine agent-1": "one machine",
      },
      "0 all is as declared, 1 something failed or a machine was not reached, 2 refused before anything was touched",
    ),
  )
  .action(async (options: UpOptions) => {
    process.exitCode = await up(options);
  });

export async function up(options: UpOptions): Promise<number> {
  process.env.GROUNDWORK_ADOPT = options.adopt ?? "";
  const { engine, configuration } = await openProgram(options.stack);
  const { machine, json } = options;
  await settle(engine, say);
  const target =
    machine === undefined
      ? undefined
      : machineTargets(await engine.export(), {
          machine,
          machines: Object.keys(configuration.machines),
          streams: enabledStreams(configuration),
          stack: engine.stack,
          project: engine.project,
        });
  const summary = await operate(engine, { operation: "up", json, target });
  const read = machine === undefined ? "every machine was read and is" : `${machine} was read and is`;
  printSummary(summary, json, `nothing changed: ${read} as declared`);
  return summary.succeeded ? 0 : 1;
}
