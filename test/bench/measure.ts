import type { TestMachine } from "../support/testLab.ts";
import type { Contestant } from "./contestants.ts";
import type { Specification } from "./specification.ts";

/** How a contestant did: seconds until the last machine was ready. */
export interface Result {
  name: string;
  first: number;
  second: number;
  mend: number;
  /** Logins that the sshd of one machine saw in each of the three runs; of several, the most that one saw. */
  logins: [number, number, number];
  /** Files that the last run changed, all machines together. */
  mended: string[];
}

/**
 * A first run, a second one that finds nothing to do, and one that has to mend what was tampered with on every machine:
 * who did not read the machines is refused.
 */
export async function measure(
  contestant: Contestant,
  machines: TestMachine[],
  { tampered, places, clean }: Specification,
): Promise<Result> {
  const everywhere = (script: string): Promise<string[]> =>
    Promise.all(machines.map((machine) => machine.inside(script)));
  await everywhere(`${clean}; rm -rf /var/lib/groundwork; sync`);
  const counts = [await loginsOf(machines)];
  const run = async (): Promise<number> => {
    const seconds = await contestant.run();
    counts.push(await loginsOf(machines));
    return seconds;
  };
  const first = await run();
  const second = await run();
  await everywhere(`echo tampered >${tampered.path}; sleep 0.02; touch /run/stamp; sleep 0.02`);
  const mend = await run();
  const changed = await everywhere(`find ${places.join(" ")} -type f -newer /run/stamp`);
  for (const content of await everywhere(`cat ${tampered.path}`))
    if (`${content}\n` !== tampered.content)
      throw new Error(`${contestant.name} did not mend ${tampered.path}`);
  return {
    name: contestant.name,
    first,
    second,
    mend,
    logins: [most(counts, 0), most(counts, 1), most(counts, 2)],
    mended: changed.flatMap((text) => text.split("\n")).filter((path) => path !== ""),
  };
}

const loginsOf = (machines: TestMachine[]): Promise<number[]> =>
  Promise.all(machines.map((machine) => machine.logins()));

/** The most logins of one machine between two counts. */
function most(counts: number[][], run: number): number {
  const before = counts[run] ?? [];
  return Math.max(...(counts[run + 1] ?? []).map((count, index) => count - (before[index] ?? 0)));
}

/** What was mended, in words: exactly what was tampered with, on every machine, or how many files. */
export function mendedWords({ mended }: Result, { tampered }: Specification, machines: number): string {
  const exactly = mended.length === machines && mended.every((path) => path === tampered.path);
  return exactly ? "exactly it" : `${mended.length} files`;
}

/**
 * How many times faster ours is, with the goal where there is one: the smaller factor of first and second run counts.
 * Undefined where one of them did not take part.
 */
export function compared(
  results: Result[],
  ours: string,
  theirs: string,
  goal: number | undefined,
): string | undefined {
  const [we, they] = [ours, theirs].map((name) => results.find((result) => result.name.startsWith(name)));
  if (we === undefined || they === undefined) return undefined;
  const factor = Math.min(they.first / we.first, they.second / we.second);
  const held = goal === undefined ? "" : ` (goal ${goal}: ${factor >= goal ? "held" : "missed"})`;
  return `${ours}: ${factor.toFixed(1)} times faster than ${they.name}${held}`;
}
