import { Command } from "commander";
import { residue, stateRoot } from "../../lab/index.ts";
import { agreed } from "../ask.ts";
import { hasLab, labMachineNames } from "../engine/deployment.ts";
import { settle } from "../engine/settle.ts";
import { machinesOf, notOfTheLab, requireConfirmed, requireMachines } from "../engine/streamGraph.ts";
import { countAsGone, goneWords, leaveLocked } from "../namedMachines.ts";
import { operate } from "../operate.ts";
import { commonOptions, examples, type GiveBackOptions, giveBackOptions } from "../options.ts";
import { printSummary } from "../printSummary.ts";
import { say } from "../say.ts";
import { openStack } from "../stack/openStack.ts";

export const destroyCommand = giveBackOptions(commonOptions(new Command("destroy")))
  .description("remove the lab, and put existing machines back as they were")
  .addHelpText(
    "after",
    examples(
      { "./groundwork destroy --yes": "remove the lab without a question" },
      "0 all is gone, 1 something is left, 2 refused or not started",
    ),
  )
  .action(async (options: GiveBackOptions) => {
    process.exitCode = await destroy(options);
  });

async function destroy(options: GiveBackOptions): Promise<number> {
  const { engine, configuration } = await openStack(options.stack);
  const open = await settle(engine, say);
  const deployment = await engine.export();
  const machines = machinesOf(deployment, () => true);
  requireMachines(deployment, Object.keys(configuration.machines), options.confirm);
  countAsGone(options.gone, notOfTheLab(deployment, machines));
  requireConfirmed(deployment, machines, options);
  leaveLocked(options.leaveLocked, machines);
  const names = [...new Set([...labMachineNames(deployment), ...machines])].join(", ") || "nothing";
  if (
    !(await agreed(`Destroy the stack ${options.stack} (${names}${goneWords(options.gone)})?`, options.yes))
  )
    return 2;
  const summary = await operate(engine, { operation: "destroy", json: options.json });
  const lab = hasLab(deployment) && summary.succeeded;
  const left = [...open, ...(lab ? await labResidue(options.stack) : [])];
  const nothing = open.length > 0 ? "nothing was there that the state knows of" : "nothing was there";
  printSummary({ ...summary, errors: [...summary.errors, ...left] }, options.json, nothing);
  if (lab && left.length === 0 && !options.json) process.stdout.write(`${goneText}\n`);
  return summary.succeeded && left.length === 0 ? 0 : 1;
}

/** What is said once no residue was found, and what stays beside it on purpose. */
export const goneText = `no process, mount, interface or setting of the lab is left on this computer; for the next lab ${stateRoot} keeps root file systems and empty lock files, as the cache keeps downloads`;

/** What a lab left on this computer, as errors. */
async function labResidue(network: string): Promise<string[]> {
  return (await residue(network)).map(({ kind, what }) => `left on this computer: ${kind} ${what}`);
}
