import { type Item, itemKinds, keyOf, kindOf, placesOf } from "../items/index.ts";
import { reveal, unknown, type Wire } from "../wire.ts";
import type { Failure, Properties } from "./resource.ts";

/** An item, whose values need not all be known, at its place. */
interface Placed {
  item: Item;
  place: string;
  key: string;
}

/** What is wrong with items as parts of one list: one that stands there twice, or that names what is not there. */
export function itemFailures(inputs: Properties): Failure[] {
  const items = placed(inputs);
  return [...duplicates(items), ...items.flatMap((entry) => missing(entry, items, inputs.tickets))];
}

function placed(inputs: Properties): Placed[] {
  const items = reveal(inputs.items ?? []);
  return (Array.isArray(items) ? items : []).flatMap((item, index) => {
    const kind = (item as Properties | null)?.kind;
    if (typeof kind !== "string" || !(kind in itemKinds)) return [];
    return [{ item: item as unknown as Item, place: `items[${index}]`, key: keyOf(item as unknown as Item) }];
  });
}

function duplicates(items: Placed[]): Failure[] {
  const first = new Map<string, Placed>();
  return items.flatMap((entry) => {
    const names = isUnknown(entry.key) ? [] : [entry.key, ...placesOf(entry.item)];
    const taken = names.find((name) => first.has(name));
    const before = taken === undefined ? undefined : first.get(taken);
    if (before !== undefined)
      return [{ property: entry.place, reason: `${already(entry, before, taken)}: keep one of them` }];
    for (const name of names) first.set(name, entry);
    return [];
  });
}

const already = ({ key }: Placed, before: Placed, taken = ""): string =>
  key === before.key
    ? `${key} stands already at ${before.place}`
    : `${key} is about ${taken}, and so is ${before.key} at ${before.place}`;

function missing(entry: Placed, items: Placed[], tickets: Wire | undefined): Failure[] {
  const ticket = kindOf(entry.item).ticket?.(entry.item);
  const declared = Object.keys((reveal(tickets ?? {}) ?? {}) as Properties);
  const noTicket =
    ticket === undefined || isUnknown(ticket) || declared.includes(ticket)
      ? []
      : [
          {
            property: `${entry.place}.ticket`,
            reason: `${ticket} is not among the tickets (${listed(declared)})`,
          },
        ];
  return [...noTicket, ...missingTriggers(entry, items)];
}

/** What waits for an item that is not there would wait for ever. */
function missingTriggers({ item, place }: Placed, items: Placed[]): Failure[] {
  if (items.some(({ key }) => isUnknown(key))) return [];
  const keys = new Set(items.map(({ key }) => key));
  return (kindOf(item).waitsFor ?? []).flatMap((field) => {
    const wanted: unknown = item[field];
    return (Array.isArray(wanted) ? (wanted as string[]) : []).flatMap((key, index) =>
      keys.has(key) || isUnknown(key)
        ? []
        : [{ property: `${place}.${field}[${index}]`, reason: `${key} is no item of this HostState` }],
    );
  });
}

const isUnknown = (text: string): boolean => text.includes(unknown);
const listed = (names: string[]): string => (names.length === 0 ? "there are none" : names.join(", "));
