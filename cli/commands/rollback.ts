import { Command } from "commander";
import { agreed } from "../ask.ts";
import { settle } from "../engine/settle.ts";
import { notOfTheLab, planRollback, requireConfirmed, requireMachines } from "../engine/streamGraph.ts";
import { countAsGone, goneWords, leaveLocked } from "../namedMachines.ts";
import { operate } from "../operate.ts";
import { commonOptions, examples, type GiveBackOptions, giveBackOptions } from "../options.ts";
import { printSummary } from "../printSummary.ts";
import { say } from "../say.ts";
import { openStack } from "../stack/openStack.ts";

interface RollbackOptions extends GiveBackOptions {
  withDependents: boolean;
  purge: boolean;
}

export const rollbackCommand = giveBackOptions(commonOptions(new Command("rollback")))
  .description("put every machine back as it was before a stream")
  .argument("<stream>", "its name, such as delta")
  .option("--with-dependents", "first roll back the streams that stand on it, in reverse order", false)
  .option("--purge", "delete data that services made instead of moving it aside", false)
  .addHelpText(
    "after",
    examples(
      {
        "./groundwork rollback delta": "take the cluster away, keep everything before it",
        "./groundwork rollback alpha --with-dependents --yes": "everything, in reverse order",
        "./groundwork rollback charlie --stack production --confirm m1,m2": "on machines of your own",
      },
      "0 rolled back, 1 something is left, 2 refused or not started",
    ),
  )
  .action(async (stream: string, options: RollbackOptions) => {
    process.exitCode = await rollback(stream, options);
  });

async function rollback(stream: string, options: RollbackOptions): Promise<number> {
  // The provider reads it: it is what takes away, and what moves data aside.
  if (options.purge) process.env.GROUNDWORK_PURGE = "yes";
  const { engine, configuration } = await openStack(options.stack);
  await settle(engine, say);
  const deployment = await engine.export();
  const known = Object.keys(configuration.streams);
  const plan = planRollback(deployment, stream, options.withDependents, known);
  requireMachines(deployment, Object.keys(configuration.machines), options.confirm);
  countAsGone(options.gone, notOfTheLab(deployment, plan.machines));
  requireConfirmed(deployment, plan.machines, options);
  leaveLocked(options.leaveLocked, plan.machines);
  const question = `Roll back ${plan.streams.join(", then ")} on ${plan.machines.join(", ")}${goneWords(options.gone)}?`;
  if (!(await agreed(question, options.yes))) return 2;
  const summary = await operate(engine, { operation: "destroy", json: options.json, target: plan.targets });
  printSummary(summary, options.json, "nothing was there");
  return summary.succeeded ? 0 : 1;
}
