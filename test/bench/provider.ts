import { renderProgram } from "../../provider/engine/program.ts";
import type { Item } from "../../provider/index.ts";
import { openTestLab, type TestLab, type TestMachine } from "../support/testLab.ts";
import {
  ansible,
  type Contestant,
  plainShell,
  providerCalls,
  pyinfra,
  runOverSsh,
  sshArguments,
  wholeUp,
} from "./contestants.ts";
import { filesSpecification } from "./filesSpecification.ts";
import { mixedSpecification } from "./mixedSpecification.ts";
import type { Specification } from "./specification.ts";

/**
 * 100 items on one lab machine: a first run, a second one that finds nothing to do, and one that has to mend a single
 * file that somebody changed. Ansible and pyinfra take part where they are installed, in the same run on the same
 * machine. Needs root on Linux: `node test/bench/provider.ts [files|mixed]`.
 */

interface Result {
  name: string;
  first: number;
  second: number;
  mend: number;
  /** Logins that the machine's sshd saw in each of the three runs. */
  logins: [number, number, number];
  /** Files that the last run changed. */
  mended: string[];
}

async function measure(
  contestant: Contestant,
  machine: TestMachine,
  { tampered, places, clean }: Specification,
): Promise<Result> {
  await machine.inside(`${clean}; rm -rf /var/lib/groundwork; sync`);
  const counts = [await machine.logins()];
  const run = async (): Promise<number> => {
    const seconds = await contestant.run();
    counts.push(await machine.logins());
    return seconds;
  };
  const first = await run();
  const second = await run();
  await machine.inside(`echo tampered >${tampered.path}; sleep 0.02; touch /run/stamp; sleep 0.02`);
  const mend = await run();
  const changed = await machine.inside(`find ${places.join(" ")} -type f -newer /run/stamp`);
  const content = await machine.inside(`cat ${tampered.path}`);
  if (`${content}\n` !== tampered.content)
    throw new Error(`${contestant.name} did not mend ${tampered.path}`);
  await contestant.close();
  const [zero = 0, one = 0, two = 0, three = 0] = counts;
  const mended = changed.split("\n").filter((path) => path !== "");
  return { name: contestant.name, first, second, mend, logins: [one - zero, two - one, three - two], mended };
}

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
  lab: TestLab,
  machine: TestMachine,
  items: Item[],
): Promise<{ processor: number; wall: number }> {
  const operation = { action: "read" as const, urn: "bench", project: "bench", stack: "bench" };
  const program = renderProgram({ items }, operation);
  const command = `exec 3>/dev/null; bash -c 'TIMEFORMAT="%U %S %R"; time sh -s' 2>&1`;
  const words = await runOverSsh(await sshArguments(lab, machine), machine.state.address, command, program);
  const [user = 0, system = 0, wall = 0] = words.trim().split(" ").map(Number);
  return { processor: user + system, wall };
}

function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    )
    .join("\n");
}

const seconds = (value: number): string => `${value.toFixed(2)} s`;

function report({ title, tampered }: Specification, results: Result[]): void {
  const rows = results.map(({ name, first, second, mend, mended, logins }) => [
    name,
    seconds(first),
    seconds(second),
    seconds(mend),
    mended.length === 1 && mended[0] === tampered.path ? "exactly it" : `${mended.length} files`,
    logins.join(" "),
  ]);
  console.log(table([[title, "first run", "second run", "mend one", "mended", "logins"], ...rows]));
}

/** How many times faster ours is, with the goal: the smaller factor of first and second run counts. */
function compare(results: Result[], ours: string, theirs: string, goal: number): void {
  const [we, they] = [ours, theirs].map((name) => results.find((result) => result.name.startsWith(name)));
  if (we === undefined || they === undefined) return;
  const factor = Math.min(they.first / we.first, they.second / we.second);
  console.log(
    `${ours}: ${factor.toFixed(1)} times faster than ${they.name} (goal ${goal}: ${factor >= goal ? "held" : "missed"})`,
  );
}

/** The other tools need Python on the machine. */
async function othersOn(
  lab: TestLab,
  machine: TestMachine,
  specification: Specification,
): Promise<Contestant[]> {
  const others = [
    await ansible(lab, machine, specification),
    await pyinfra(lab, machine, specification),
  ].filter((one) => one !== undefined);
  if (others.length < 2) console.log("Ansible or pyinfra is not installed here: it is left out.");
  if (others.length > 0) {
    console.log("Putting Python on the machine, which only the others need …");
    await machine.inside(
      "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3 >/dev/null 2>&1",
    );
  }
  return others;
}

async function race(lab: TestLab, specification: Specification): Promise<void> {
  const machine = lab.machine("m1");
  const others = await othersOn(lab, machine, specification);
  const byHand = await plainShell(lab, machine, specification);
  const engine = await wholeUp(machine, specification);
  const ours = [providerCalls(machine, specification), engine];
  const results: Result[] = [];
  let state = 0;
  for (const contestant of [...(byHand === undefined ? [] : [byHand]), ...ours, ...others]) {
    // The state is looked at before it is thrown away.
    const close = contestant.close;
    contestant.close = async () => {
      if (contestant === engine) state = stateBytes(await engine.engine.stateText());
      await close();
    };
    results.push(await measure(contestant, machine, specification));
    console.log(`${contestant.name}: done`);
  }
  console.log();
  report(specification, results);
  console.log();
  for (const [we, goals] of Object.entries(specification.goals))
    for (const [they, goal] of Object.entries(goals)) compare(results, we, they, goal);
  const { items } = specification;
  const reading = await readingTime(lab, machine, items);
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
