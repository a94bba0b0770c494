import { Command } from "commander";
import { openReader } from "../../provider/index.ts";
import { openStack } from "../openStack.ts";
import { examples, jsonOption, type ReadOptions, stackOption } from "../options.ts";
import { exitCodeOf, readItems } from "../readings.ts";
import { driftListText } from "../readingText.ts";

export const driftCommand = new Command("drift")
  .description("name every item that is not as declared on its machine; changes nothing")
  .addOption(stackOption())
  .addOption(jsonOption())
  .addHelpText(
    "after",
    examples(
      {
        "./groundwork drift": "one line for each item that differs",
        "./groundwork drift --json": "for scripts",
      },
      "0 no drift, 1 some, 2 a machine was not read or nothing could be started",
    ),
  )
  .action(async ({ stack, json }: ReadOptions) => {
    const { engine } = await openStack(stack, false);
    const reader = await openReader();
    try {
      const { streams, unread } = await readItems(await engine.export(), reader);
      const reading = { streams, unread };
      const drift = streams.flatMap(({ stream: name, items }) =>
        items
          .filter((item) => !item.asDeclared)
          .map(({ asDeclared: _, ...item }) => ({ stream: name, ...item })),
      );
      const text = json ? JSON.stringify({ drift, unread }, undefined, 2) : driftListText(reading);
      process.stdout.write(`${text}\n`);
      process.exitCode = exitCodeOf(reading);
    } finally {
      await reader.close();
    }
  });
