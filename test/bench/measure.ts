import type { TestMachine } from "../support/testLab.ts";
import type { Contestant } from "./contestants.ts";
import type { Specification } from "./specification.ts";

/** How a contestant did: seconds until the last machine was ready. */
export interface Result {
  name: string;
  first: number;
  second: number;
  /** Logins that the sshd of one machine saw in each run; of several, the most that one saw. */
  logins: number[];
  /** The third run, where there was one. */
  mend?: Mend;
}

/** A run that had to bring one file back. */
export interface Mend {
  seconds: number;
  /** Files that it changed, all machines together. */
  files: string[];
}

/** Who was measured, and where. */
export interface Race {
  contestant: Contestant;
  machines: TestMachine[];
  specification: Specification;
  /** 2 leaves out the run that mends. Default 3. */
  runs?: 2 | 3;
}

/**
 * A first run, a second one that finds nothing to do, and one that has to mend what was tampered with on every machine:
 * who did not read the machines is refused.
 */
export async function measure({ contestant, machines, specification, runs = 3 }: Race): Promise<Result> {
  await everywhere(machines, `${specification.clean}; rm -rf /var/lib/groundwork; sync`);
  const counts = [await loginsOf(machines)];
  const run = async (): Promise<number> => {
    const seconds = await contestant.run();
    counts.push(await loginsOf(machines));
    return seconds;
  };
  const first = await run();
  const second = await run();
  const mend = runs === 3 ? await mending(contestant.name, machines, specification, run) : undefined;
  const logins = counts.slice(1).map((_, index) => most(counts, index));
  return { name: contestant.name, first, second, logins, ...(mend && { mend }) };
}

/** Tampers with a file on every machine and has it mended. Refuses who did not. */
async function mending(
  name: string,
  machines: TestMachine[],
  { tampered, places }: Specification,
  run: () => Promise<number>,
): Promise<Mend> {
  await everywhere(machines, `echo tampered >${tampered.path}; sleep 0.02; touch /run/stamp; sleep 0.02`);
  const seconds = await run();
  const changed = await everywhere(machines, `find ${places.join(" ")} -type f -newer /run/stamp`);
  for (const content of await everywhere(machines, `cat ${tampered.path}`))
    if (`${content}\n` !== tampered.content) throw new Error(`${name} did not mend ${tampered.path}`);
  return { seconds, files: changed.flatMap((text) => text.split("\n")).filter((path) => path !== "") };
}

const everywhere = (machines: TestMachine[], script: string): Promise<string[]> =>
  Promise.all(machines.map((machine) => machine.inside(script)));

const loginsOf = (machines: TestMachine[]): Promise<number[]> =>
  Promise.all(machines.map((machine) => machine.logins()));

/** The most logins of one machine between two counts. */
function most(counts: number[][], run: number): number {
  const before = counts[run] ?? [];
  return Math.max(...(counts[run + 1] ?? []).map((count, index) => count - (before[index] ?? 0)));
}

/** What was mended, in words: exactly what was tampered with, on every machine, or how many files. */
export function mendedWords(mend: Mend | undefined, { tampered }: Specification, machines: number): string {
  if (mend === undefined) return "";
  const exactly = mend.files.length === machines && mend.files.every((path) => path === tampered.path);
  return exactly ? "exactly it" : `${mend.files.length} files`;
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
