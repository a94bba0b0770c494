import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { earlierStreams, type StreamName } from "../../stacks/configuration.ts";
import { isNotReached } from "./lines.ts";
import { errorText } from "./messageText.ts";
import { advance, newRun, type Run, type Step } from "./model.ts";

/** What became of one stream. */
export interface StreamSummary {
  stream: string;
  changed: string[];
  removed: string[];
  unchanged: string[];
  failed: string[];
  /** What was left alone as its machine did not answer. */
  notReached: string[];
  /** What was only read, as the run failed or was interrupted before its turn came. */
  waiting: string[];
  /** Streams that failed, behind whose gates it is. */
  waitsFor: string[];
  /** What was under way when the run ended. */
  cutOff: string[];
  /** The gate's words on its checks as they are now. */
  gate?: string;
  waivers: Record<string, string>;
  /** Seconds spent on changing it. */
  seconds: number;
}

/** What became of a run. */
export interface RunSummary {
  succeeded: boolean;
  streams: StreamSummary[];
  /** Machines that could not be read, with the reason. */
  unreachable: Record<string, string>;
  errors: string[];
  warnings: string[];
  seconds: number;
}

/**
 * Errors and warnings of a run. What no event told (the program did not start, the backend refused) stands in the
 * engine's own words.
 */
export function runMessages(
  run: Run,
  end: { succeeded: boolean; said: string },
): { errors: string[]; warnings: string[] } {
  const texts = (severity: string): string[] => [
    ...new Set(run.messages.filter((message) => message.severity === severity).map(({ text }) => text)),
  ];
  const errors = texts("error");
  const own = errors.length === 0 && !end.succeeded ? [errorText(end.said)] : [];
  return { errors: [...errors, ...own], warnings: texts("warning") };
}

/** {@link runMessages} of events that were not followed one by one. */
export function runErrors(
  events: EngineEvent[],
  end: { succeeded: boolean; said: string },
): { errors: string[]; warnings: string[] } {
  return runMessages(
    events.reduce((run, event) => advance(run, event, 0).run, newRun()),
    end,
  );
}

/** Sums a run up; `end` is the engine's own verdict. */
export function summarise(run: Run, end: { succeeded: boolean; said: string }): RunSummary {
  const names = [...new Set(run.steps.map(({ stream }) => stream))].sort(labFirst);
  const unreachable = Object.fromEntries(
    run.steps.flatMap(({ machine, unreachable: why }) =>
      machine === undefined || why === undefined ? [] : [[machine, why]],
    ),
  );
  return {
    succeeded: end.succeeded && Object.keys(unreachable).length === 0,
    streams: names.map((name) => streamSummary(name, run.steps, end.succeeded)),
    unreachable,
    ...runMessages(run, end),
    seconds: run.seconds,
  };
}

const labFirst = (a: string, b: string): number =>
  Number(b === "lab") - Number(a === "lab") || (a < b ? -1 : 1);

function streamSummary(stream: string, steps: Step[], succeeded: boolean): StreamSummary {
  const own = steps.filter((step) => step.stream === stream);
  const failed = own.filter(({ state }) => state === "failed").map(({ subject }) => subject);
  const isWaiting = (step: Step): boolean => !succeeded && step.state === "done" && !step.reached;
  const isCutOff = ({ state }: Step): boolean => state === "running";
  const isLeft = (step: Step): boolean => isNotReached(step) || isWaiting(step) || isCutOff(step);
  const gate = gateWords(own, isWaiting);
  const subjects = (wanted: (step: Step) => boolean): string[] =>
    own
      .filter((step) => step.kind !== "gate" && wanted(step))
      .map(({ subject }) => subject)
      .sort();
  return {
    stream,
    changed: subjects(
      (step) => step.changed && step.work !== "delete" && step.state !== "failed" && !isCutOff(step),
    ),
    removed: subjects((step) => step.changed && step.work === "delete" && step.state !== "failed"),
    unchanged: subjects((step) => !step.changed && step.state !== "failed" && !isLeft(step)),
    failed,
    notReached: subjects(isNotReached),
    waiting: subjects((step) => isWaiting(step) && !isNotReached(step)),
    waitsFor: failedBefore(stream, steps),
    cutOff: subjects(isCutOff),
    ...(gate === undefined ? {} : { gate }),
    waivers: Object.assign({}, ...own.map(({ waivers }) => waivers)),
    seconds: Math.max(0, ...own.map(({ ended, began }) => ended ?? began)) - firstChange(own),
  };
}

/** Streams of the plan that go before this one and of which something failed. */
function failedBefore(stream: string, steps: Step[]): string[] {
  const { needs, follows } = earlierStreams[stream as StreamName] ?? { needs: [], follows: [] };
  return [...needs, ...follows].filter((earlier) =>
    steps.some((step) => step.stream === earlier && step.state === "failed"),
  );
}

/** What a stream's gate says; where it was not opened again, its count is that of an earlier run and tells nothing of now. */
function gateWords(own: Step[], isWaiting: (step: Step) => boolean): string | undefined {
  const gate = own.find(({ kind }) => kind === "gate");
  if (gate === undefined || gate.work === "delete" || own.some(({ state }) => state === "failed"))
    return undefined;
  const { failing = [], summary } = gate;
  if (failing.length > 0) return `did not pass when it was asked: ${failing.join(", ")}`;
  if (own.some(isNotReached) && !gate.changed) return "not asked for all of its machines";
  return isWaiting(gate) ? undefined : summary;
}

/** When the first of the steps that changed something began; its end when none did. */
function firstChange(steps: Step[]): number {
  const changing = steps.filter(({ changed, state }) => changed || state === "failed");
  if (changing.length === 0) return Math.max(0, ...steps.map(({ ended, began }) => ended ?? began));
  return Math.min(...changing.map(({ began }) => began));
}

/** The summary for people. `nothing` is what to say when nothing was changed. */
export function summaryText(summary: RunSummary, nothing: string): string {
  const changed = summary.streams.some(({ changed, removed }) => changed.length + removed.length > 0);
  return [
    ...summary.streams.flatMap(streamLines),
    ...Object.entries(summary.unreachable).map(([name, why]) => `unreachable: ${name} (${why})`),
    ...(summary.succeeded && !changed ? [nothing] : []),
    `${summary.succeeded ? "done" : "failed"} after ${summary.seconds.toFixed(1)} s`,
  ].join("\n");
}

function streamLines(summary: StreamSummary): string[] {
  const parts = [
    counted("changed", summary.changed),
    counted("removed", summary.removed),
    counted("unchanged", summary.unchanged),
    counted("failed", summary.failed),
    counted("not reached", summary.notReached),
    waitingText(summary),
    counted("cut off", summary.cutOff),
    ...(summary.gate === undefined ? [] : [`gate: ${summary.gate}`]),
    ...(summary.changed.length + summary.removed.length > 0 ? [`${summary.seconds.toFixed(1)} s`] : []),
  ].filter((text) => text !== "");
  const waivers = Object.entries(summary.waivers).map(
    ([check, reason]) => `           waived: ${check} (${reason})`,
  );
  return [`${summary.stream.padEnd(9)}  ${parts.join("; ")}`, ...waivers];
}

function waitingText({ waiting, waitsFor, failed }: StreamSummary): string {
  const early = failed.length > 0 ? "waits for what failed" : "the run ended before its turn";
  const why = waitsFor.length === 0 ? early : `waits for the gate of ${waitsFor.join(", ")}`;
  return waiting.length === 0 ? "" : `${counted("not reached", waiting)}: ${why}`;
}

function counted(word: string, names: string[]): string {
  return names.length === 0 ? "" : `${word}: ${names.join(", ")}`;
}
