import { Command } from "commander";
import { agreed } from "../ask.ts";
import type { Deployment } from "../engine/deployment.ts";
import { settle } from "../engine/settle.ts";
import { notOfTheLab, requireConfirmed, requireMachines } from "../engine/streamGraph.ts";
import { countAsGone, goneWords } from "../namedMachines.ts";
import { operate } from "../operate.ts";
import { type CommonOptions, commonOptions, confirmOption, examples, goneOption } from "../options.ts";
import { printSummary } from "../printSummary.ts";
import { say } from "../say.ts";
import { type GivenUp, givenUp } from "../stack/givenUp.ts";
import { openProgram } from "../stack/openProgram.ts";
import { enabledStreams } from "../stack/streams.ts";
import { machineTargets } from "../stack/targets.ts";

interface UpOptions extends CommonOptions {
  machine?: string;
  /** A stack of this project whose claims are taken over; the provider reads it from the environment. */
  adopt?: string;
  confirm: string[];
  gone: string[];
}

export const upCommand = commonOptions(new Command("up"))
  .description("bring every machine to its declared state, and prove it")
  .option("--machine <name>", "touch this machine only; gates are asked all the same")
  .option(
    "--adopt <stack>",
    "take over what this stack claims on the machines: its state is lost, or it has a new name",
  )
  .addOption(confirmOption())
  .addOption(goneOption())
  .addHelpText(
    "after",
    examples(
      {
        "./groundwork up": "bring up the lab",
        "./groundwork up --stack production": "your own machines, from Pulumi.production.yaml",
        "./groundwork up --machine agent-1": "one machine",
        "./groundwork up --stack production --confirm m2": "m2 is no longer in the file: put it back",
        "./groundwork up --stack production --gone m2": "m2 is no longer in the file, and burnt",
      },
      "0 all is as declared, 1 something failed or a machine was not reached, 2 refused before anything was touched",
    ),
  )
  .action(async (options: UpOptions) => {
    process.exitCode = await up(options);
  });

export async function up(options: UpOptions): Promise<number> {
  process.env.GROUNDWORK_ADOPT = options.adopt ?? "";
  const { engine, configuration, declared } = await openProgram(options.stack);
  const { machine, json } = options;
  await settle(engine, say);
  const deployment = await engine.export();
  const machines = Object.keys(configuration.machines);
  const target =
    machine === undefined
      ? undefined
      : machineTargets(deployment, {
          machine,
          machines,
          streams: enabledStreams(configuration),
          stack: engine.stack,
          project: engine.project,
        });
  requireMachines(deployment, machines, options.confirm);
  if (!(await mayGiveUp(deployment, givenUp(deployment, declared, machine), options))) return 2;
  const summary = await operate(engine, { operation: "up", json, target });
  const read = machine === undefined ? "every machine was read and is" : `${machine} was read and is`;
  printSummary(summary, json, `nothing changed: ${read} as declared`);
  return summary.succeeded ? 0 : 1;
}

/** Asks before machines that are not of the lab are put back. Errors: GW703 where one is not named, GW708. */
async function mayGiveUp(
  deployment: Deployment,
  { machines, streams, leaving, because }: GivenUp,
  { confirm, gone, yes }: UpOptions,
): Promise<boolean> {
  countAsGone(gone, notOfTheLab(deployment, leaving));
  requireConfirmed(deployment, machines, { confirm, gone }, because);
  const own = notOfTheLab(deployment, machines);
  const question = `Roll back ${streams.join(", ")} on ${own.join(", ")}${goneWords(gone)}?`;
  return own.length === 0 || agreed(question, yes);
}
