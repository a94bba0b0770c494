import type { Engine, OperationEnd, OperationOptions } from "./engine/engine.ts";
import { withInterrupts } from "./interrupts.ts";
import { openDisplay } from "./progress/display.ts";
import type { Run } from "./progress/model.ts";
import { type RunSummary, summarise } from "./progress/summary.ts";

export interface OperateOptions {
  operation: "up" | "destroy";
  /** Standard output belongs to the result: progress goes to standard error. */
  json: boolean;
  target?: string[];
}

/** Runs an operation of a settled engine with its progress shown, and sums it up. */
export async function operate(engine: Engine, options: OperateOptions): Promise<RunSummary> {
  const { end, run } = await follow(engine, options);
  return summarise(run, end);
}

async function follow(
  engine: Engine,
  { operation, json, target }: OperateOptions,
): Promise<{ end: OperationEnd; run: Run }> {
  const out = json ? process.stderr : process.stdout;
  const display = openDisplay(out);
  const options: OperationOptions = { onEvent: display.onEvent, ...(target === undefined ? {} : { target }) };
  const end = await withInterrupts(engine, display.say, () => engine[operation](options));
  return { end, run: display.end() };
}
