import { renderProgram } from "../../provider/engine/program.ts";
import type { Connection, Item } from "../../provider/index.ts";
import { openTestLab, type TestLab } from "../support/testLab.ts";
import { ansible, plainShell, providerCalls, pyinfra, runOverSsh, wholeUp } from "./contestants.ts";
import { filesSpecification } from "./filesSpecification.ts";
import { type Fleet, sshArguments } from "./fleet.ts";
import { compared, measure, mendedWords, type Result } from "./measure.ts";
import { mixedSpecification } from "./mixedSpecification.ts";
import { installPython } from "./python.ts";
import type { Specification } from "./specification.ts";
import { seconds, table } from "./table.ts";

/**
 * 100 items on one lab machine: a first run, a second one that finds nothing to do, and one that has to mend a single
 * file that somebody changed. Ansible and pyinfra take part where they are installed, in the same run on the same
 * machine. Needs root on Linux: `node test/bench/provider.ts [files|mixed]`.
 */

/** Bytes of the state for one HostState, its contents aside. */
function stateBytes(text: string): number {
  const { checkpoint } = JSON.parse(text) as {
    checkpoint: { latest: { resources: { type: string; inputs?: { items?: { content?: string }[] } }[] } };
  };
  const resource = checkpoint.latest.resources.find(({ type }) => type.endsWith(":HostState"));
  const contents = (resource?.inputs?.items ?? []).reduce((sum, { content = "" }) => sum + content.length, 0);
  return JSON.stringify(resource).length - contents;
}

/** Processor and wall seconds that a machine takes to compare all items. */
async function readingTime(
  fleet: Fleet,
  connection: Connection,
  items: Item[],
): Promise<{ processor: number; wall: number }> {
  const operation = { action: "read" as const, urn: "bench", project: "bench", stack: "bench" };
  const program = renderProgram({ items }, operation);
  const command = `exec 3>/dev/null; bash -c 'TIMEFORMAT="%U %S %R"; time sh -s' 2>&1`;
  const words = await runOverSsh(await sshArguments(fleet), connection, command, program);
  const [user = 0, system = 0, wall = 0] = words.trim().split(" ").map(Number);
  return { processor: user + system, wall };
}

function report(specification: Specification, results: Result[]): void {
  const rows = results.map((result) => [
    result.name,
    seconds(result.first),
    seconds(result.second),
    seconds(result.mend?.seconds),
    mendedWords(result.mend, specification, 1),
    result.logins.join(" "),
  ]);
  console.log(
    table([[specification.title, "first run", "second run", "mend one", "mended", "logins"], ...rows]),
  );
}

async function race(lab: TestLab, specification: Specification): Promise<void> {
  const machine = lab.machine("m1");
  const fleet = { machines: [machine.connection], folder: lab.folder };
  const others = [await ansible(fleet, specification), await pyinfra(fleet, specification)].filter(
    (one) => one !== undefined,
  );
  if (others.length < 2) console.log("Ansible or pyinfra is not installed here: it is left out.");
  if (others.length > 0) await installPython([machine]);
  const byHand = await plainShell(fleet, specification);
  const engine = await wholeUp(fleet.machines, specification);
  const ours = [providerCalls(fleet.machines, specification), engine];
  const results: Result[] = [];
  let state = 0;
  for (const contestant of [...(byHand === undefined ? [] : [byHand]), ...ours, ...others]) {
    results.push(await measure({ contestant, machines: [machine], specification }));
    if (contestant === engine) state = stateBytes(await engine.engine.stateText());
    await contestant.close();
    console.log(`${contestant.name}: done`);
  }
  console.log();
  report(specification, results);
  console.log();
  for (const [we, goals] of Object.entries(specification.goals))
    for (const [they, goal] of Object.entries(goals)) {
      const line = compared(results, we, they, goal);
      if (line !== undefined) console.log(line);
    }
  const { items } = specification;
  const reading = await readingTime(fleet, machine.connection, items);
  console.log(
    `reading ${items.length} items takes ${seconds(reading.processor)} of the machine's processor, ${seconds(reading.wall)} in all (goal 0.30 s)`,
  );
  const limit = 2048 + 300 * items.length;
  console.log(
    `state of one HostState with ${items.length} items, without contents: ${state} bytes (goal ${limit})`,
  );
}

const all = [filesSpecification, mixedSpecification];
const wanted = all.filter(({ name }) => process.argv.length < 3 || process.argv.includes(name));
const lab = await openTestLab({ name: "bench", prefix: "10.95.18", machines: ["m1"] });
try {
  for (const specification of wanted) await race(lab, specification);
} finally {
  await lab.close();
}
