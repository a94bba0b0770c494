import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import { type Drift, type Item, keyOf, kindOf, knownLater } from "../../provider/index.ts";
import { placeOfStep, type Work, workOf } from "./step.ts";

/** One part of a resource that an `up` would change. */
export interface Detail {
  /** `drift`: the machine differs from what was brought about before. */
  change: "add" | "update" | "delete" | "drift";
  /** An item's key with the field, or the property's path. */
  what: string;
  before?: string;
  after?: string;
  /** What a failed operation could put back; left out where it is everything, exactly. */
  restores?: "equivalent" | "not";
}

/** What an `up` would do to one resource. */
export interface PlannedChange {
  stream: string;
  subject: string;
  work: Exclude<Work, "read">;
  details: Detail[];
}

/** What a preview's events plan. */
export function plannedChanges(events: EngineEvent[]): PlannedChange[] {
  return events.flatMap(({ resourcePreEvent }) =>
    resourcePreEvent === undefined ? [] : plannedChange(resourcePreEvent.metadata),
  );
}

function plannedChange(metadata: StepEventMetadata): PlannedChange[] {
  const place = placeOfStep(metadata);
  const work = workOf(metadata.op);
  if (place === undefined || work === undefined || work === "read" || metadata.op === "delete-replaced")
    return [];
  return [{ stream: place.stream, subject: place.subject, work, details: detailsOf(metadata, work) }];
}

function detailsOf(metadata: StepEventMetadata, work: Work): Detail[] {
  const before = itemsOf(metadata.old?.inputs);
  const after = itemsOf(metadata.new?.inputs);
  if (work === "create")
    return after.map((item) => ({ change: "add", what: keyText(item), ...promise(item) }));
  if (work === "delete") return before.map((item) => ({ change: "delete", what: keyText(item) }));
  return Object.entries(metadata.detailedDiff ?? {}).flatMap(([path, { diffKind }]): Detail[] => {
    const drift = driftAt(path, metadata.old?.outputs.drift);
    if (drift !== undefined)
      return [{ change: "drift", what: drift.item, before: drift.observed, after: drift.desired }];
    if (found.has(path))
      return [{ change: "drift", what: path, before: foundText(metadata.old?.outputs[path]) }];
    const change = changes[diffKind.replace("-replace", "")] ?? "update";
    // One item went and another came to its place.
    const parts =
      change === "update" && /^items\[\d+\]$/.test(path) ? (["delete", "add"] as const) : [change];
    return parts.map((part) => itemDetail(path, part, before, after) ?? { change: part, what: path });
  });
}

/** Entries of the state that the last read left there, and an update takes away. */
const found = new Map<string, string>([
  ["unreachable", "its machine was not reached, it is tried again"],
  ["failing", "checks did not pass when it was read, they are run again"],
  ["unfinished", "the end of an earlier operation was never seen: everything is brought about again"],
  ["state", "it does not run, it is started"],
  ["missing", "parts of it are not there, they are made again"],
]);

/** What of it can be named; why a machine was not reached is a warning of its own. */
function foundText(value: unknown): string | undefined {
  return Array.isArray(value) ? value.join(", ") : undefined;
}

const changes: Record<string, Detail["change"]> = { add: "add", delete: "delete", update: "update" };

function itemDetail(
  path: string,
  change: Detail["change"],
  before: PlainItem[],
  after: PlainItem[],
): Detail | undefined {
  const [, index, field] = /^items\[(\d+)\](?:\.(.+))?$/.exec(path) ?? [];
  const whole = field === undefined;
  const item = (whole && change === "delete" ? before : after)[Number(index)];
  if (index === undefined || item === undefined) return undefined;
  if (whole) return { change, what: keyText(item), ...(change === "delete" ? {} : promise(item)) };
  const old = before.find((other) => keyText(other) === keyText(item));
  return {
    change,
    what: `${keyText(item)} ${field}`,
    before: valueText(old?.[field]),
    after: valueText(item[field]),
    ...promise(item),
  };
}

type PlainItem = Record<string, unknown>;

function itemsOf(inputs: Record<string, unknown> | undefined): PlainItem[] {
  return Array.isArray(inputs?.items) ? (inputs.items as PlainItem[]) : [];
}

/** An item's key; values that are secret or not known yet stand in it as they are shown. */
function keyText(item: PlainItem): string {
  return keyOf(item as unknown as Item).replaceAll(unknownValue, knownLater);
}

function promise(item: PlainItem): Pick<Detail, "restores"> {
  const restores = kindOf(item as unknown as Item).restores(item as unknown as Item);
  return restores === "exactly" ? {} : { restores };
}

function driftAt(path: string, drift: unknown): Drift | undefined {
  const index = /^drift\[(\d+)\]$/.exec(path)?.[1];
  return index === undefined || !Array.isArray(drift) ? undefined : (drift as Drift[])[Number(index)];
}

const signature = "4dabf18193072939515e22adb298388d";
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A value in one short line; a secret stays one. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "object" && signature in value) return "[secret]";
  if (value === unknownValue) return knownLater;
  const text = JSON.stringify(value);
  if (text.length <= 60) return text;
  return typeof value === "string" ? `text of ${value.length} characters` : `${text.slice(0, 57)}…`;
}

/** The plan for people. `whole`: whether the preview came to its end, or an error ended it. */
export function planText(plan: PlannedChange[], whole = true): string {
  if (plan.length === 0 && !whole) return "no plan: an error ended the preview";
  if (plan.length === 0) return "nothing to change: every machine was read and is as declared";
  const lines = plan.flatMap(({ stream, subject, work, details }) => [
    `${work.padEnd(7)} ${stream} ${subject}`,
    ...details.map((detail) => `  ${detailText(detail)}`),
  ]);
  const sum = `${plan.length} ${plan.length === 1 ? "resource" : "resources"} to change`;
  return [...lines, whole ? sum : `${sum}, or more: an error ended the preview`].join("\n");
}

/** As a preview against machines has them: what differs on a machine is changed like what differs in the file. */
const signs: Record<Detail["change"], string> = { add: "+", update: "~", delete: "-", drift: "~" };

/** Properties of resources as people call them. */
const words = new Map<string, string>([
  ["generations", "its hosts change, so its checks are run again"],
  ["checks", "its checks"],
  ["guards", "its guards"],
  ["waivers", "its waivers"],
  ["facts", "what is read from its machine"],
  ["tickets", "which host it takes a join ticket from"],
  ["stream", "the stream that it belongs to"],
]);

function detailText({ change, what, before, after, restores }: Detail): string {
  const note = restores === undefined ? "" : ` (restores: ${restores})`;
  const mark = change === "drift" ? found.get(what) : undefined;
  if (mark !== undefined) return `${signs.drift} ${mark}${before === undefined ? "" : `: ${before}`}`;
  const values = before === undefined && after === undefined ? "" : `: ${before} => ${after}`;
  const subject = words.get(what) ?? what.replace(/^connection\.(\w+)$/, "the way to its machine: $1");
  return `${signs[change]} ${subject}${values}${note}`;
}
