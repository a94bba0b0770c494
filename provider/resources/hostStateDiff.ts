import { hasUnknown, reveal, sameValue, secret, unknown, type Wire } from "../wire.ts";
import { diffItems } from "./itemDiff.ts";
import { withPinsForMachines } from "./namedMachines.ts";
import type { DiffAnswer, Properties, PropertyChange } from "./resource.ts";

/** What the state holds of a resource. */
export interface Kept {
  inputs: Properties;
  outputs: Properties;
}

/**
 * What an update of a HostState changes, field by field, and whether its machine has become another one.
 * @param answering machine-id of who answers under a new pin that {@link mayBeSameMachine}, where somebody was asked
 * and answered. Without an answer it is taken for the same machine: the update asks for its identity before all else.
 */
export function diffHostState(old: Kept, inputs: Properties, answering?: string): DiffAnswer {
  const before = reveal(old.inputs) as Properties;
  const after = reveal(inputs) as Properties;
  const { connection } = before;
  const another = mayBeSameMachine(old, inputs)
    ? answering !== undefined && answering !== old.outputs.machineId
    : isOtherPin(connection, after.connection);
  const replaces = another || isOtherMachine(old.outputs) ? [pin] : [];
  const changes = [
    ...diffItems(before.items, after.items),
    ...diffConnection(connection, after.connection),
    ...diffRest(before, after),
    ...driftChanges(old.outputs),
  ];
  const named = changes.some(({ path }) => path === pin);
  return {
    changes: [
      ...changes,
      ...(named ? [] : replaces.map((path): PropertyChange => ({ path, change: "update" }))),
    ],
    replaces,
  };
}

/**
 * True when nothing but the way to the machine is another one (address, port, user, key, bastion, name): it stays the
 * machine that it is by its pin, and all that was brought about there stays.
 */
export function isOnlyAnotherWay(old: Kept, inputs: Properties): boolean {
  const { changes, replaces } = diffHostState(old, inputs);
  // The old way may be closed already, which says nothing of the machine.
  const others = changes.filter(({ path }) => !path.startsWith("connection.") && path !== "unreachable");
  return (
    replaces.length === 0 &&
    others.length === 0 &&
    changes.some(({ path }) => path.startsWith("connection.")) &&
    (old.outputs.machineId ?? "") !== ""
  );
}

/** True when the program pins another host key for the machine of a connection than before. */
export function isOtherPin(before: Wire | undefined, after: Wire | undefined): boolean {
  const [old, wanted] = [fieldsOf(before).hostKey, fieldsOf(after).hostKey];
  return old !== undefined && wanted !== undefined && wanted !== unknown && old !== wanted;
}

/**
 * True when the new pin is of another type than the old one, and the state knows the machine's identity: a machine has
 * a key of each type. Another key of the same type is another machine's, or that of one that was made anew.
 */
export function mayBeSameMachine(old: Kept, inputs: Properties): boolean {
  const [before, after] = [reveal(old.inputs) as Properties, reveal(inputs) as Properties];
  const type = ({ connection }: Properties): string =>
    String(fieldsOf(connection).hostKey).split(" ")[0] ?? "";
  const known = typeof old.outputs.machineId === "string" && old.outputs.machineId !== "";
  return known && isOtherPin(before.connection, after.connection) && type(before) !== type(after);
}

/** Facts are unknown before an update that reads others, or whose inputs are not all known yet. */
export function factsToCome(before: Properties, after: Properties): Properties {
  const same = sameValue(reveal(before.facts ?? null), reveal(after.facts ?? null));
  return same && !hasUnknown(after) ? {} : { facts: unknown, secretFacts: secret(unknown) };
}

const pin = "connection.hostKey";

/** True when the last read found another machine under the pinned key. */
export function isOtherMachine({ machineId, foundMachineId }: Properties): boolean {
  return foundMachineId !== undefined && foundMachineId !== null && foundMachineId !== machineId;
}

function diffConnection(before: Wire | undefined, after: Wire | undefined): PropertyChange[] {
  if (after === unknown) return [{ path: "connection", change: "update" }];
  const [old, wanted] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(wanted)])]
    .filter((field) => !sameValue(old[field], wanted[field]))
    .map((field) => ({
      path: `connection.${field}`,
      change: wanted[field] === undefined ? "delete" : old[field] === undefined ? "add" : "update",
    }));
}

function diffRest(before: Properties, after: Properties): PropertyChange[] {
  const [old, wanted] = [before, after].map(
    (inputs): Properties => ({
      ...inputs,
      checks: withPinsForMachines(inputs.checks, "on"),
      tickets: withPinsForMachines(inputs.tickets, "from"),
    }),
  ) as [Properties, Properties];
  return ["stream", "guards", "checks", "facts", "tickets", "waivers"]
    .filter((name) => !sameValue(old[name], wanted[name]))
    .map((path) => ({ path, change: "update" }));
}

/** What the last read found, as entries of the state that an update takes away. */
function driftChanges({ drift, unreachable, unfinished }: Properties): PropertyChange[] {
  const entries = (Array.isArray(drift) ? drift : []).map(
    (_, index): PropertyChange => ({ path: `drift[${index}]`, change: "delete", drifted: true }),
  );
  const others = Object.entries({ unreachable, unfinished })
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([path]): PropertyChange => ({ path, change: "delete", drifted: true }));
  return [...entries, ...others];
}

function fieldsOf(value: Wire | undefined): Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
