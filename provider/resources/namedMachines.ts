import type { Wire } from "../wire.ts";

/**
 * Checks and tickets name machines by whole connections. What they ask stays the same as long as these are the same
 * machines by their pins, whatever the way to them is: this puts the pins in the connections' places, for comparing.
 * `entries` is a list or an object of objects, and `field` holds one connection or a list of them.
 */
export function withPinsForMachines(entries: Wire | undefined, field: string): Wire {
  if (Array.isArray(entries)) return entries.map((entry) => withPins(entry, field));
  if (typeof entries !== "object" || entries === null) return entries ?? null;
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, withPins(entry, field)]));
}

function withPins(entry: Wire, field: string): Wire {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return entry;
  const machines = entry[field];
  if (machines === undefined) return entry;
  return { ...entry, [field]: Array.isArray(machines) ? machines.map(pinOf) : pinOf(machines) };
}

function pinOf(machine: Wire): Wire {
  if (typeof machine !== "object" || machine === null || Array.isArray(machine)) return machine;
  return machine.hostKey ?? machine;
}
