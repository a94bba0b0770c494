import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { Command } from "commander";
import { settle } from "../engine/settle.ts";
import { withInterrupts } from "../interrupts.ts";
import { openProgram } from "../openProgram.ts";
import { examples, jsonOption, type ReadOptions, stackOption } from "../options.ts";
import { plannedChanges, planText } from "../progress/changes.ts";
import { runErrors } from "../progress/summary.ts";

export const previewCommand = new Command("preview")
  .description("read every machine and show, item by item, what up would change")
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
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  await settle(engine, say);
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
