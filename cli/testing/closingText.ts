import type { PartResult } from "./runPart.ts";
import { outcomes, sumOf } from "./testParts.ts";

/**
 * The end of a test run: each part with its time, notes, and last what the test runners of all parts counted together,
 * one plain line each.
 */
export function closingText(results: PartResult[], notes: string[]): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  const sums = sumOf(results.flatMap(({ counts }) => counts ?? []));
  return [
    ...results.map((result) => partLine(result, width)),
    ...notes,
    ...outcomes.map((outcome) => `${outcome} ${sums[outcome]}`),
  ].join("\n");
}

function partLine({ name, passed, seconds, counts, why }: PartResult, width: number): string {
  const counted = counts === undefined ? [] : outcomes.map((outcome) => `${outcome} ${counts[outcome]}`);
  const parts = [why ?? "", counted.join(", ")].filter((text) => text !== "").join("; ");
  const line = `${passed ? "passed" : "FAILED"}  ${name.padEnd(width)}  ${seconds.toFixed(1).padStart(7)} s  ${parts}`;
  return line.trimEnd();
}
