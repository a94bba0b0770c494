import { readFileSync } from "node:fs";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { advance, type News, newRun, type Run } from "../../../cli/progress/model.ts";

/** Events of the real engine with our provider on two machines, as they were recorded, with their seconds. */
export function recorded(name: string): { at: number; event: EngineEvent }[] {
  const lines = readFileSync(new URL(`fixtures/${name}.jsonl`, import.meta.url), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => {
    const { at, ...event } = JSON.parse(line) as { at: number } & EngineEvent;
    return { at, event: event as EngineEvent };
  });
}

/** A recorded run from its start to its end, and everything that was new on the way. */
export function replay(name: string): { run: Run; news: News[] } {
  return recorded(name).reduce(
    (so, { at, event }) => {
      const { run, news } = advance(so.run, event, at);
      return { run, news: [...so.news, ...news] };
    },
    { run: newRun(), news: [] as News[] },
  );
}
