import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import { errorText, plainText } from "./messageText.ts";
import { type Place, placeOfStep, type Work, workOf } from "./step.ts";

/** How far one resource is. */
export interface Step extends Place {
  urn: string;
  state: "running" | "done" | "failed";
  /** What is being done, or was done last. */
  work: Work | "none";
  /** Whether the run changed it. */
  changed: boolean;
  /** Whether the engine came to it after it was read: it was compared with what is declared, or changed. */
  reached: boolean;
  /** Seconds since the start of the run. */
  began: number;
  ended?: number;
  /** Seconds spent on changing it. */
  busy: number;
  /** What it says it is doing right now. */
  status?: string;
  /** A gate's words on its checks, when it was opened last. */
  summary?: string;
  /** Checks of a gate that did not pass when it was read. */
  failing?: string[];
  /** Reasons by check name. */
  waivers: Record<string, string>;
  /** Why its machine could not be read. */
  unreachable?: string;
  machine?: string;
}

/** Something that was said about a resource, or about the run as a whole. */
export interface Message {
  severity: "info" | "warning" | "error";
  text: string;
  urn?: string;
}

/** A run of the engine as its events tell it. */
export interface Run {
  steps: Step[];
  messages: Message[];
  /** Seconds since the start of the last event. */
  seconds: number;
}

/** What an event changed, for those who print line by line. */
export interface News {
  at: number;
  step?: Step;
  what: "began" | "ended" | "failed" | "said";
  message?: Message;
}

export const newRun = (): Run => ({ steps: [], messages: [], seconds: 0 });

/** The run after one more event, `at` seconds after its start. The given run stays as it was. */
export function advance(run: Run, event: EngineEvent, at: number): { run: Run; news: News[] } {
  const now = { ...run, seconds: at };
  if (event.resourcePreEvent) return began(now, event.resourcePreEvent.metadata, at);
  if (event.resOutputsEvent) return ended(now, event.resOutputsEvent.metadata, at);
  if (event.resOpFailedEvent) return failed(now, event.resOpFailedEvent.metadata, at);
  if (event.diagnosticEvent) return said(now, event.diagnosticEvent, at);
  return { run: now, news: [] };
}

type Change = { run: Run; news: News[] };

function began(run: Run, metadata: StepEventMetadata, at: number): Change {
  const work = workOf(metadata.op);
  const place = placeOfStep(metadata);
  if (work === undefined || place === undefined) return { run, news: [] };
  const before = stepOf(run, metadata.urn);
  const step: Step = {
    ...(before ?? { changed: false, reached: false, busy: 0, waivers: {} }),
    ...place,
    urn: metadata.urn,
    state: "running",
    work,
    began: at,
    ended: undefined,
    status: undefined,
    machine: machineOf(metadata, place),
  };
  return { run: withStep(run, step), news: [{ at, step, what: "began" }] };
}

function ended(run: Run, metadata: StepEventMetadata, at: number): Change {
  const place = placeOfStep(metadata);
  if (place === undefined) return { run, news: [] };
  const work = workOf(metadata.op);
  const before = stepOf(run, metadata.urn);
  const changes = work !== undefined && work !== "read";
  const step: Step = {
    ...(before ?? { busy: 0, began: at }),
    ...place,
    urn: metadata.urn,
    state: "done",
    work: work ?? before?.work ?? "none",
    changed: before?.changed === true || changes,
    reached: before?.reached === true || work !== "read",
    ended: at,
    busy: (before?.busy ?? 0) + (changes && before !== undefined ? at - before.began : 0),
    status: undefined,
    ...outputsOf(metadata),
    machine: machineOf(metadata, place),
  };
  return { run: withStep(run, step), news: work === undefined ? [] : [{ at, step, what: "ended" }] };
}

function failed(run: Run, metadata: StepEventMetadata, at: number): Change {
  const before = stepOf(run, metadata.urn);
  const place = placeOfStep(metadata);
  if (place === undefined) return { run, news: [] };
  const step: Step = {
    ...(before ?? { began: at, busy: 0, changed: false, waivers: {}, work: "none" }),
    reached: true,
    ...place,
    urn: metadata.urn,
    state: "failed",
    ended: at,
    status: undefined,
    machine: machineOf(metadata, place),
  };
  return { run: withStep(run, step), news: [{ at, step, what: "failed" }] };
}

function said(run: Run, event: NonNullable<EngineEvent["diagnosticEvent"]>, at: number): Change {
  const severity = severities[event.severity];
  if (severity === undefined) return { run, news: [] };
  const step = event.urn === undefined ? undefined : stepOf(run, event.urn);
  const text = severity === "error" ? errorText(event.message) : plainText(event.message);
  if (text === "") return { run, news: [] };
  if (event.ephemeral) {
    return { run: step === undefined ? run : withStep(run, { ...step, status: text }), news: [] };
  }
  const message: Message = { severity, text, ...(event.urn ? { urn: event.urn } : {}) };
  // Every stream of a machine that is not reached says the same.
  const known = severity === "warning" && run.messages.some((other) => other.text === text);
  if (known) return { run, news: [] };
  return {
    run: { ...run, messages: [...run.messages, message] },
    news: [{ at, what: "said", message, ...(step === undefined ? {} : { step }) }],
  };
}

/** Debug messages are not for people; they may hold values that are secret. */
const severities: Record<string, Message["severity"] | undefined> = {
  info: "info",
  "info#err": "info",
  warning: "warning",
  error: "error",
};

function stepOf(run: Run, urn: string): Step | undefined {
  return run.steps.find((step) => step.urn === urn);
}

function withStep(run: Run, step: Step): Run {
  const known = run.steps.some(({ urn }) => urn === step.urn);
  const steps = known ? run.steps.map((old) => (old.urn === step.urn ? step : old)) : [...run.steps, step];
  return { ...run, steps };
}

function machineOf(metadata: StepEventMetadata, place: Place): string | undefined {
  if (place.kind === "machine") return place.subject;
  const connection: unknown = (metadata.new ?? metadata.old)?.inputs.connection;
  const name = (connection as { name?: unknown } | undefined)?.name;
  return typeof name === "string" ? name : undefined;
}

function outputsOf(
  metadata: StepEventMetadata,
): Pick<Step, "summary" | "failing" | "waivers" | "unreachable"> {
  const { inputs = {}, outputs = {} } = metadata.new ?? metadata.old ?? {};
  // What is gone need not be reached: a machine of the lab goes with what stood on it.
  const unreachable = metadata.new?.outputs.unreachable;
  return {
    ...(typeof outputs.summary === "string" ? { summary: outputs.summary } : {}),
    failing: Array.isArray(outputs.failing) ? (outputs.failing as string[]) : undefined,
    unreachable: typeof unreachable === "string" ? unreachable : undefined,
    waivers: inputs.waivers ?? {},
  };
}
