import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { Command } from "commander";
import { openReader } from "../../provider/index.ts";
import type { Deployment } from "../engine/deployment.ts";
import { pendingNames } from "../engine/pending.ts";
import { withInterrupts } from "../interrupts.ts";
import { examples, jsonOption, type ReadOptions, stackOption } from "../options.ts";
import { plannedChanges, planText } from "../progress/changes.ts";
import { runErrors } from "../progress/summary.ts";
import { exitCodeOf, readOutlook } from "../readings/outlook.ts";
import { outlookText } from "../readings/outlookText.ts";
import { labAdvice } from "../readings/unreadAdvice.ts";
import { say } from "../say.ts";
import { openDeclared, openProgram } from "../stack/openProgram.ts";

interface PreviewOptions extends ReadOptions {
  againstMachines: boolean;
  /** Show items, too, that an `up` would leave as they are. */
  all: boolean;
}

export const previewCommand = new Command("preview")
  .description("read the machines of earlier ups and show, item by item, what up would change")
  .addOption(stackOption())
  .addOption(jsonOption())
  .option("--against-machines", "compare every item with its machine, also where no up was before", false)
  .option("--all", "with --against-machines: show items, too, that are as wanted", false)
  .addHelpText(
    "after",
    examples(
      {
        "./groundwork preview": "for people",
        "./groundwork preview --json": "for scripts",
        "./groundwork preview --against-machines": "what differs on machines that are new to the stack, too",
      },
      [
        "0 the plan stands, 1 the engine or a provider refused it, 2 it was refused before that, or not started;",
        "with --against-machines 1: a machine was not reached, a guard refuses, or more may change",
      ].join("\n            "),
    ),
  )
  .action(async (options: PreviewOptions) => {
    process.exitCode = await (options.againstMachines ? previewAgainstMachines(options) : preview(options));
  });

async function previewAgainstMachines({ stack, json, all }: PreviewOptions): Promise<number> {
  const { configuration, deployment, declared } = await openDeclared(stack);
  sayPending(deployment);
  const reader = await openReader();
  try {
    const machines = Object.keys(configuration.machines);
    const program = { project: "groundwork", stack };
    const outlook = await readOutlook({ declared, deployment, machines, program }, reader);
    const text = json
      ? JSON.stringify(outlook, undefined, 2)
      : outlookText(outlook, labAdvice(deployment, stack), all);
    process.stdout.write(`${text}\n`);
    return exitCodeOf(outlook);
  } finally {
    await reader.close();
  }
}

async function preview({ stack, json }: ReadOptions): Promise<number> {
  const { engine } = await openProgram(stack);
  sayPending(await engine.exportEncrypted());
  const events: EngineEvent[] = [];
  const end = await withInterrupts(engine, say, () =>
    engine.preview({ onEvent: (event) => void events.push(event) }),
  );
  const plan = plannedChanges(events);
  const { errors, warnings } = runErrors(events, end);
  if (json) process.stdout.write(`${JSON.stringify({ plan, warnings, errors }, undefined, 2)}\n`);
  else process.stdout.write(`${planText(plan, end.succeeded)}\n`);
  for (const warning of warnings) if (!json) say(`warning: ${warning}`);
  for (const error of errors) if (!json) say(`error: ${error}`);
  return end.succeeded ? 0 : 1;
}

/** It looks on: what was cut off stays as it is until something is to change. */
function sayPending(deployment: Deployment): void {
  const pending = pendingNames(deployment);
  if (pending.length > 0)
    say(
      `an operation was cut off during the ${pending.join(", ")}: the next up or destroy goes on from there`,
    );
}
