import { createMachines } from "./stacks/machines.ts";
import { readConfiguration } from "./stacks/readConfiguration.ts";

const configuration = readConfiguration();
const { all } = createMachines(configuration);

export const machines = Object.fromEntries(
  all.map(({ name, address, address6, roles }) => [name, { address, address6, roles }]),
);
