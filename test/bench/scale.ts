import { cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { type LinkProxy, openLinkProxy } from "../support/linkProxy.ts";
import { openTestLab, type TestLab, type TestMachine } from "../support/testLab.ts";
import { ansible, type Contestant, oneLoginPerStep, providerCalls, pyinfra, wholeUp } from "./contestants.ts";
import { filesSpecification } from "./filesSpecification.ts";
import type { Fleet } from "./fleet.ts";
import { compared, measure, mendedWords, type Race, type Result } from "./measure.ts";
import { mixedSpecification } from "./mixedSpecification.ts";
import { installPython } from "./python.ts";
import type { Specification } from "./specification.ts";
import { seconds, table } from "./table.ts";

/**
 * Several lab machines at once, over links with a delay: first run, second run with nothing to do, and a third that has
 * to mend one file on each machine. All contestants work on all machines side by side. Needs root on Linux:
 *
 *     node test/bench/scale.ts [files] [mixed] [--machines 1,8] [--delay 0,50] [--stride 5] [--runs 3]
 *         [--contestants provider,up,steps,pyinfra,ansible]
 *
 * `--delay` are milliseconds of a round trip. `--stride 5` takes every fifth step of the chain of one login per step,
 * which takes long: seconds per item compare it with the others. `--runs 2` leaves out the run that mends.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    machines: { type: "string", default: "1,8" },
    delay: { type: "string", default: "0,50" },
    stride: { type: "string", default: "5" },
    runs: { type: "string", default: "3" },
    contestants: { type: "string", default: "provider,up,steps,pyinfra,ansible" },
  },
});
if (values.runs !== "2" && values.runs !== "3") throw new Error(`--runs ${values.runs}: 2 or 3`);
const runs = values.runs === "2" ? 2 : 3;
const numbers = (text: string): number[] => text.split(",").map(Number);

/** What is brought about, on how many machines, and how far away they are. */
interface Setting {
  specification: Specification;
  machines: number;
  delayMilliseconds: number;
}

/** A contestant, how many items it takes on, and the memory of the provider where it is one. */
interface Entry {
  contestant: Contestant;
  items: number;
  memory(): string;
}

const nothing = (): string => "";

/** By the names of `--contestants`. Undefined for a tool that is not installed here. */
const entries: Record<string, (fleet: Fleet, specification: Specification) => Promise<Entry | undefined>> = {
  async provider({ machines }, specification) {
    const contestant = providerCalls(machines, specification);
    const memory = (): string => `${contestant.peakMemory.toFixed(0)} MiB`;
    return { contestant, items: specification.items.length, memory };
  },
  async up({ machines }, specification) {
    const contestant = await wholeUp(machines, specification);
    return { contestant, items: specification.items.length, memory: nothing };
  },
  async steps(fleet, specification) {
    const contestant = await oneLoginPerStep(fleet, specification, Number(values.stride));
    return { contestant, items: contestant.taken, memory: nothing };
  },
  async pyinfra(fleet, specification) {
    const contestant = await pyinfra(fleet, specification);
    return contestant && { contestant, items: specification.items.length, memory: nothing };
  },
  async ansible(fleet, specification) {
    const contestant = await ansible(fleet, specification);
    return contestant && { contestant, items: specification.items.length, memory: nothing };
  },
};

/** Measures all contestants in one setting and prints what there is, also when one of them failed. */
async function race(lab: TestLab, setting: Setting, names: string[]): Promise<void> {
  const { specification, delayMilliseconds } = setting;
  const machines = machineNames.slice(0, setting.machines).map((name) => lab.machine(name));
  const links = await linksTo(machines, delayMilliseconds);
  const fleet = {
    folder: lab.folder,
    machines: machines.map((machine, index) => far(machine, links[index])),
  };
  const results: Result[] = [];
  const rows: string[][] = [];
  try {
    for (const name of names) {
      if (stopped) break;
      const entry = await entries[name]?.(fleet, specification);
      if (entry === undefined) {
        console.log(`${name} is not installed here: it is left out.`);
        continue;
      }
      const result = await attempt({ contestant: entry.contestant, machines, specification, runs });
      if (result === undefined) continue;
      results.push(result);
      rows.push(rowOf(result, entry, setting));
      console.log(`${rows.at(-1)?.join("  ")}: done`);
    }
  } finally {
    for (const link of links) await link.close();
    print(setting, results, rows);
  }
}

/** A contestant that fails is named; the others go on. */
async function attempt(race: Race): Promise<Result | undefined> {
  try {
    return await measure(race);
  } catch (error) {
    if (!stopped) console.log(`${race.contestant.name}: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
    return undefined;
  } finally {
    await race.contestant.close();
  }
}

async function linksTo(machines: TestMachine[], delayMilliseconds: number): Promise<LinkProxy[]> {
  if (delayMilliseconds === 0) return [];
  return Promise.all(
    machines.map(({ state }) =>
      openLinkProxy({ to: { address: state.address, port: 22 }, delayMilliseconds }),
    ),
  );
}

/** The machine at the other end of its link. */
const far = ({ connection }: TestMachine, link: LinkProxy | undefined): Fleet["machines"][number] =>
  link === undefined ? connection : { ...connection, address: link.address, port: link.port };

const columns = ["first run", "second run", "an item", "mend one", "mended", "logins", "provider"];

function rowOf(result: Result, entry: Entry, { specification, machines }: Setting): string[] {
  return [
    result.name,
    seconds(result.first),
    seconds(result.second),
    `${((result.second / entry.items) * 1000).toFixed(0)} ms`,
    seconds(result.mend?.seconds),
    mendedWords(result.mend, specification, machines),
    result.logins.join(" "),
    entry.memory(),
  ];
}

function print(
  { specification, machines, delayMilliseconds }: Setting,
  results: Result[],
  rows: string[][],
): void {
  const title = `${specification.title}, ${machines} at once, ${delayMilliseconds} ms`;
  console.log(`\n${table([[title, ...columns], ...rows])}\n`);
  // The goals are those of one machine without a delay.
  const isGoal = machines === 1 && delayMilliseconds === 0;
  for (const ours of ["provider operation", "whole up"])
    for (const theirs of ["Ansible", "pyinfra"]) {
      const goal = isGoal ? specification.goals[ours]?.[theirs] : undefined;
      const line = compared(results, ours, theirs, goal);
      if (line !== undefined) console.log(line);
    }
  console.log(`${computer()}\n`);
}

/** What the measured times depend on. */
function computer(): string {
  const load = loadavg().map((value) => value.toFixed(1));
  return `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${load.join(" ")}`;
}

const counts = numbers(values.machines);
const machineNames = Array.from({ length: Math.max(...counts) }, (_, index) => `m${index + 1}`);
const names = values.contestants.split(",");
for (const name of names)
  if (entries[name] === undefined)
    throw new Error(`${name} is no contestant: ${Object.keys(entries).join(", ")}`);
const wanted = [filesSpecification, mixedSpecification].filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
);
let stopped = false;
const lab = await openTestLab({ name: "bench", prefix: "10.95.18", machines: machineNames });
// What was printed until then counts; the machines go.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    stopped = true;
    void lab.close().finally(() => process.exit(1));
  });
try {
  if (names.includes("ansible")) await installPython(machineNames.map((name) => lab.machine(name)));
  for (const specification of wanted)
    for (const machines of counts)
      for (const delayMilliseconds of numbers(values.delay))
        await race(lab, { specification, machines, delayMilliseconds }, names);
} finally {
  await lab.close();
}
