import { type RunSummary, summaryText } from "./progress/summary.ts";

/** Prints what became of a run: its errors to standard error, the summary to standard output. */
export function printSummary(summary: RunSummary, json: boolean, nothing: string): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`);
    return;
  }
  for (const error of summary.errors) process.stderr.write(`\nerror: ${error}\n`);
  process.stdout.write(`\n${summaryText(summary, nothing)}\n`);
}
