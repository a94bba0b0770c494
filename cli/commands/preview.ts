import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { Command } from "commander";
import { pendingNames } from "../engine/pending.ts";
import { withInterrupts } from "../interrupts.ts";
import { openProgram } from "../openProgram.ts";
import { examples, jsonOption, type ReadOptions, stackOption } from "../options.ts";
import { plannedChanges, planText } from "../progress/changes.ts";
import { runErrors } from "../progress/summary.ts";
import { say } from "../say.ts";

export const previewCommand = new Command("preview")
  .description("read the machines of earlier ups and show, item by item, what up would change")
  .addOption(stackOption())
  .addOption(jsonOption())
  .addHelpText(
    "after",
    examples(
      { "./groundwork preview": "for people", "./groundwork preview --json": "for scripts" },
      "0 the plan stands, 1 the engine or a provider refused it, 2 it was refused before that, or not started",
    ),
  )
  .action(async (options: ReadOptions) => {
    process.exitCode = await preview(options);
  });

async function preview({ stack, json }: ReadOptions): Promise<number> {
  const { engine } = await openProgram(stack);
  // It looks on: what was cut off stays as it is until something is to change.
  const pending = pendingNames(await engine.exportEncrypted());
  if (pending.length > 0)
    say(
      `an operation was cut off during the ${pending.join(", ")}: the next up or destroy goes on from there`,
    );
  const events: EngineEvent[] = [];
  const end = await withInterrupts(engine, say, () =>
    engine.preview({ onEvent: (event) => void events.push(event) }),
  );
  const plan = plannedChanges(events);
  const { errors, warnings } = runErrors(events, end);
  if (json) process.stdout.write(`${JSON.stringify({ plan, warnings, errors }, undefined, 2)}\n`);
  else process.stdout.write(`${planText(plan)}\n`);
  for (const warning of warnings) if (!json) say(`warning: ${warning}`);
  for (const error of errors) if (!json) say(`error: ${error}`);
  return end.succeeded ? 0 : 1;
}
