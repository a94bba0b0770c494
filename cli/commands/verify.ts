import { Command } from "commander";
import { openReader } from "../../provider/index.ts";
import { examples, jsonOption, type ReadOptions, stackOption } from "../options.ts";
import { gapsOf, gapsText, isWhole } from "../readings/gaps.ts";
import { exitCodeOf, readEverything } from "../readings/readings.ts";
import { verifyText } from "../readings/readingText.ts";
import { labAdvice } from "../readings/unreadAdvice.ts";
import { say } from "../say.ts";
import { openStack } from "../stack/openStack.ts";
import { declaredPlaces } from "../stack/streams.ts";

export const verifyCommand = new Command("verify")
  .description("ask the machines for every item and every check of every stream; changes nothing")
  .addOption(stackOption())
  .addOption(jsonOption())
  .addHelpText(
    "after",
    examples(
      { "./groundwork verify": "one line for each check", "./groundwork verify --json": "with all evidence" },
      "0 everything is as declared and every check passes or is waived, 1 not so, or a stream is not there or not complete, 2 a machine was not read",
    ),
  )
  .action(async ({ stack, json }: ReadOptions) => {
    const { engine, configuration } = await openStack(stack);
    const reader = await openReader();
    try {
      const deployment = await engine.export();
      const reading = await readEverything(deployment, reader, say);
      const gaps = gapsOf(deployment, declaredPlaces(configuration));
      const text = json
        ? JSON.stringify({ ...reading, ...gaps }, undefined, 2)
        : [...gapsText(gaps, stack), verifyText(reading, labAdvice(deployment, stack))].join("\n");
      process.stdout.write(`${text}\n`);
      process.exitCode = exitCodeOf(reading, isWhole(gaps));
    } finally {
      await reader.close();
    }
  });
