import { Command } from "commander";
import { openReader } from "../../provider/index.ts";
import { examples, jsonOption, type ReadOptions, stackOption } from "../options.ts";
import { gapsOf, gapsText, isWhole } from "../readings/gaps.ts";
import { exitCodeOf, type ItemReading, type Reading, readItems } from "../readings/readings.ts";
import { driftListText } from "../readings/readingText.ts";
import { labAdvice } from "../readings/unreadAdvice.ts";
import { openStack } from "../stack/openStack.ts";
import { declaredPlaces } from "../stack/streams.ts";

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
      "0 no drift, 1 some, or a stream is not there or not complete, 2 a machine was not read or nothing could be started",
    ),
  )
  .action(async ({ stack, json }: ReadOptions) => {
    const { engine, configuration } = await openStack(stack);
    const reader = await openReader();
    try {
      const deployment = await engine.export();
      const reading = await readItems(deployment, reader);
      const gaps = gapsOf(deployment, declaredPlaces(configuration));
      const whole = isWhole(gaps);
      const text = json
        ? JSON.stringify({ drift: driftOf(reading), unread: reading.unread, ...gaps }, undefined, 2)
        : [...gapsText(gaps, stack), driftListText(reading, labAdvice(deployment, stack), whole)].join("\n");
      process.stdout.write(`${text}\n`);
      process.exitCode = exitCodeOf(reading, whole);
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
