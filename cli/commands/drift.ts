import { Command } from "commander";
import { openReader } from "../../provider/index.ts";
import { missingStreams } from "../engine/streamGraph.ts";
import { examples, jsonOption, type ReadOptions, stackOption } from "../options.ts";
import { exitCodeOf, type ItemReading, type Reading, readItems } from "../readings/readings.ts";
import { driftListText, missingText } from "../readings/readingText.ts";
import { labAdvice } from "../readings/unreadAdvice.ts";
import { openStack } from "../stack/openStack.ts";
import { enabledStreams } from "../stack/streams.ts";

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
    const { engine, configuration } = await openStack(stack);
    const reader = await openReader();
    try {
      const deployment = await engine.export();
      const reading = await readItems(deployment, reader);
      const missing = missingStreams(deployment, enabledStreams(configuration));
      const text = json
        ? JSON.stringify({ drift: driftOf(reading), unread: reading.unread, missing }, undefined, 2)
        : [...missingText(missing, stack), driftListText(reading, labAdvice(deployment, stack))].join("\n");
      process.stdout.write(`${text}\n`);
      process.exitCode = exitCodeOf(reading);
    } finally {
      await reader.close();
    }
  });

/** Items that differ, with their streams. */
function driftOf({ streams }: Reading): (Omit<ItemReading, "asDeclared"> & { stream: string })[] {
  return streams.flatMap(({ stream, items }) =>
    items
      .filter(({ asDeclared }) => asDeclared === false)
      .map(({ asDeclared: _, ...item }) => ({ stream, ...item })),
  );
}
