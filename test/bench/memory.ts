import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { startProvider } from "../support/providerProcess.ts";
import { CalledHost, timed } from "./contestants.ts";
import { filesSpecification } from "./filesSpecification.ts";
import { peakMemory, processorSeconds } from "./processFigures.ts";
import { simulateMachines } from "./simulatedMachines.ts";
import { seconds, table } from "./table.ts";

/**
 * What the provider's process takes with more and more machines at once: memory, processor and time. The machines are
 * simulated, each with 100 items, so that only the provider works; what real ones take it to is printed by scale.ts.
 * Run: node test/bench/memory.ts [--machines 1,8,200]
 */
const { values } = parseArgs({ options: { machines: { type: "string", default: "1,8,200" } } });

/** So long a simulated machine works: all of them are under way at the same time. */
const secondsOfWork = 1;

interface Figures {
  machines: number;
  first: number;
  second: number;
  end: number;
  processor: number;
  /** MiB at the start, before any machine is known, and at most. */
  memory: [number, number];
}

async function measure(count: number): Promise<Figures> {
  const { items } = filesSpecification;
  const machines = await simulateMachines(count, { items: items.length, secondsOfWork });
  const { client, pid, end } = await startProvider();
  const hosts = machines.connections.map((connection) => new CalledHost(connection, filesSpecification));
  try {
    const atStart = peakMemory(pid);
    const startOnly = processorSeconds(pid);
    const run = () => timed(() => Promise.all(hosts.map((host) => host.up(client))));
    const first = await run();
    const second = await run();
    const memory: [number, number] = [atStart, peakMemory(pid)];
    const processor = processorSeconds(pid) - startOnly;
    return { machines: count, first, second, end: await timed(end), processor, memory };
  } finally {
    await end();
    await machines.close();
  }
}

const rows: string[][] = [];
for (const count of values.machines.split(",").map(Number)) {
  const { first, second, end, processor, memory } = await measure(count);
  const [atStart, most] = memory;
  rows.push([
    String(count),
    seconds(first),
    seconds(second),
    seconds(end),
    seconds(processor),
    `${most.toFixed(0)} MiB`,
    `${(((most - atStart) * 1024) / count).toFixed(0)} KiB`,
  ]);
}
const title = [
  "simulated machines",
  "create all",
  "read all",
  "leave",
  "processor",
  "peak memory",
  "a machine",
];
console.log(table([title, ...rows]));
console.log(
  `each machine answers after ${secondsOfWork} s; ${cpus().length} cores, load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(" ")}`,
);
