import { readFileSync } from "node:fs";
import { configurationOf } from "../../cli/stack/stackFile.ts";
import { commandTable } from "./commandTable.ts";
import { configurationTables } from "./configurationTables.ts";
import { graphModel } from "./graphModel.ts";
import { graphPicture } from "./graphPicture.ts";
import { itemReference } from "./itemReference.ts";
import { itemTables } from "./itemTable.ts";
import { outputs } from "./outputs.ts";
import { registeredGraph } from "./registeredGraph.ts";

/** Parts of documents that are written from the code, by name. */
export const parts = (): Record<string, string> => ({
  commands: commandTable(),
  configuration: configurationTables(),
  items: itemTables(),
  itemReference: itemReference(),
  ...outputs(),
});

/** The picture of the lab's stack: `docs/graph.svg`. */
export async function picture(): Promise<string> {
  const path = new URL("../../Pulumi.dev.yaml", import.meta.url);
  const configuration = configurationOf(readFileSync(path, "utf8"), "Pulumi.dev.yaml");
  const machines = Object.keys(configuration.machines as object);
  return graphPicture(graphModel(await registeredGraph(configuration), machines));
}
