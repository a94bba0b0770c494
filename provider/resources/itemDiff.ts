import { itemKinds } from "../items/index.ts";
import { sameValue, type Wire } from "../wire.ts";
import type { PropertyChange } from "./resource.ts";

type Fields = { [key: string]: Wire };

/**
 * Item-level changes for the preview: items are matched by what they are about, not by their place, and
 * each changed field is named: `items[3].content`.
 */
export function diffItems(before: Wire | undefined, after: Wire | undefined): PropertyChange[] {
  const old = asItems(before);
  const wanted = asItems(after);
  const oldByIdentity = new Map(old.map((item) => [identity(item), item]));
  const identities = new Set(wanted.map(identity));
  const changes = wanted.flatMap((item, index) =>
    diffItem(oldByIdentity.get(identity(item)), item, `items[${index}]`),
  );
  const removed = old.flatMap((item, index): PropertyChange[] =>
    identities.has(identity(item)) ? [] : [{ path: `items[${index}]`, change: "delete" }],
  );
  // What leaves a place that another item takes is one change of that place.
  const taken = new Set(changes.filter(({ change }) => change === "add").map(({ path }) => path));
  const replaced = new Set(removed.map(({ path }) => path).filter((path) => taken.has(path)));
  return [
    ...changes.map((entry) => (replaced.has(entry.path) ? { ...entry, change: "update" as const } : entry)),
    ...removed.filter(({ path }) => !replaced.has(path)),
  ];
}

function diffItem(before: Fields | undefined, after: Fields, path: string): PropertyChange[] {
  if (before === undefined) return [{ path, change: "add" }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((field) => !sameValue(before[field], after[field]))
    .map((field) => ({
      path: `${path}.${field}`,
      change: after[field] === undefined ? "delete" : before[field] === undefined ? "add" : "update",
    }));
}

const kinds: Readonly<Record<string, { subjectFields: readonly string[] }>> = itemKinds;

/** Kind and subject, also of an item with values that are not known yet, or of a kind that is none any more. */
function identity(item: Fields): string {
  const fields = kinds[String(item.kind)]?.subjectFields ?? Object.keys(item);
  return JSON.stringify([item.kind, ...fields.map((field) => item[field])]);
}

function asItems(value: Wire | undefined): Fields[] {
  return Array.isArray(value) ? (value as Fields[]) : [];
}
