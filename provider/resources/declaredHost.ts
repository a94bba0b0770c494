import { type Item, keyOf } from "../items/index.ts";
import { hasUnknown, reveal, unknown, type Wire } from "../wire.ts";
import { type HostStateSpec, hostStateOf } from "./hostStateSpec.ts";
import type { Properties } from "./resource.ts";

/** A HostState as a program declares it before anything is brought about: what of it is known by then. */
export interface DeclaredHost {
  /** The resource's name. */
  name: string;
  stream: string;
  /** Its machine's name; the resource's own where that is not known yet. */
  machine: string;
  /** Every item, in the order in which they are declared. */
  items: DeclaredItem[];
  /** Names of guards of which something is not known yet: they cannot be asked. */
  guardsToCome: string[];
  /** What can be asked of the machine: items and guards whose values are all known. Left out before there is a way to it. */
  spec?: HostStateSpec;
}

/** An item, and what of it only an operation tells. */
export interface DeclaredItem {
  /** Its key; what is not known yet stands in it as {@link knownLater}. */
  key: string;
  /** Fields whose values are not known yet. */
  unknown: string[];
}

/** Stands for a value that only an operation tells. */
export const knownLater = "[known after up]";

/** Takes a HostState's inputs apart, as the engine would hand them over. Errors: GW102. */
export function declaredHost(name: string, inputs: Properties): DeclaredHost {
  const { connection = unknown, stream = name, items = unknown, guards = [], waivers = {} } = inputs;
  const host = {
    name,
    stream: wordOf(stream, name),
    machine: machineOf(connection, name),
    items: Array.isArray(items) ? items.map(declaredItem) : [notKnown("items")],
    guardsToCome: guardsToCome(guards),
  };
  if (hasUnknown(connection)) return host;
  const known = (list: Wire): Wire[] =>
    Array.isArray(list) ? list.filter((entry) => !hasUnknown(entry)) : [];
  const asked = { items: known(items), guards: known(guards), waivers: hasUnknown(waivers) ? {} : waivers };
  return { ...host, spec: hostStateOf({ connection, stream: host.stream, ...asked }) };
}

function declaredItem(item: Wire, index: number): DeclaredItem {
  const fields = reveal(item);
  if (!isObject(fields) || typeof fields.kind !== "string" || fields.kind === unknown)
    return notKnown(`items[${index}]`);
  return {
    key: keyOf(fields as unknown as Item).replaceAll(unknown, knownLater),
    unknown: Object.keys(fields).filter((field) => hasUnknown(fields[field] ?? null)),
  };
}

function guardsToCome(guards: Wire): string[] {
  if (!Array.isArray(guards)) return hasUnknown(guards) ? [knownLater] : [];
  return guards
    .filter((guard) => hasUnknown(guard))
    .map((guard) => {
      const plain = reveal(guard);
      return wordOf(isObject(plain) ? (plain.name ?? null) : null, knownLater);
    });
}

const notKnown = (place: string): DeclaredItem => ({ key: `${place} ${knownLater}`, unknown: [] });

function machineOf(connection: Wire, otherwise: string): string {
  const plain = reveal(connection);
  return wordOf(isObject(plain) ? (plain.name ?? null) : null, otherwise);
}

function wordOf(value: Wire, otherwise: string): string {
  const word = reveal(value);
  return typeof word === "string" && word !== unknown ? word : otherwise;
}

const isObject = (value: Wire): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);
