import {
  type Claimant,
  type DeclaredHost,
  type DeclaredItem,
  type Drift,
  type HostStateSpec,
  type Item,
  keyOf,
  kindOf,
  knownLater,
  noOtherClaims,
  type Reader,
} from "../../provider/index.ts";
import { type Deployed, type Deployment, hostStates, labMachineNames } from "../engine/deployment.ts";
import type { Declared } from "../rehearsal/rehearse.ts";
import { isOpen, lookAt } from "./readings.ts";

/**
 * What an `up` would do about an item: `change` where the machine differs, `again` where it does not but an item changes
 * that it waits for (a service is restarted), nothing where it is `asWanted`, `putBack` where an earlier up claimed it
 * and nobody declares it any more. `later`: only an up can tell. `unread`: its machine was not read.
 */
export type Prospect = "change" | "again" | "asWanted" | "putBack" | "later" | "unread";

export interface ItemOutlook {
  item: string;
  prospect: Prospect;
  /** Of a `change`. */
  observed?: string;
  desired?: string;
  /** What a failed operation could put back; left out where it is everything, exactly. */
  restores?: "equivalent" | "not";
  /** Fields of an item whose values are not known before an up. */
  unknown?: string[];
  /** The item that it waits for. */
  because?: string;
}

/** One stream on one machine. */
export interface HostOutlook {
  machine: string;
  stream: string;
  items: ItemOutlook[];
  /** Guards that do not hold as the machine is now, and claims of others: with these an `up` changes nothing of the stream there. */
  refusals: Refusal[];
}

export interface Refusal {
  guard: string;
  evidence: string;
}

/** What an `up` would change on all machines. */
export interface Outlook {
  hosts: HostOutlook[];
  /** Machines that an up makes. */
  notMade: string[];
  /** Machines that an up takes away. */
  removed: string[];
  /** Reasons by machine. */
  unread: Record<string, string>;
  /** Why more may change than is said here. */
  doubts: string[];
}

/** What is compared: a program's declarations, and what earlier ups brought about. */
export interface Compared {
  declared: Declared;
  deployment: Deployment;
  /** Names of the machines that the configuration lists. */
  machines: string[];
  /** Whose program it is; claims of others may stand in its way. */
  program: Claimant;
}

type Asking = Pick<Reader, "observe" | "verify">;

/** Compares every item that is known with its machine, whether an up touched that before or not. Changes nothing. */
export async function readOutlook(compared: Compared, reader: Asking): Promise<Outlook> {
  const { declared, deployment, machines, program } = compared;
  // All at once: the hosts of a machine share one try to reach it.
  const looks = await Promise.all(declared.hosts.map((host) => look(host, program, reader)));
  const removed = labMachineNames(deployment).filter((name) => !machines.includes(name));
  const standing = hostStates(deployment).filter(({ spec }) => !removed.includes(spec.connection.name));
  return {
    hosts: merged([...looks.map(({ outlook }) => outlook), ...noLongerDeclared(declared.hosts, standing)]),
    notMade: unique(declared.hosts.flatMap(({ spec, machine }) => (spec === undefined ? [machine] : []))),
    removed,
    unread: Object.fromEntries(
      looks.flatMap(({ outlook, unread }) => (unread ? [[outlook.machine, unread]] : [])),
    ),
    doubts: [...declared.doubts, ...declared.hosts.flatMap(unaskedGuards)],
  };
}

/** 0: this is all that an up would change on machines that are there; 1: one was not read, a guard does not hold, or more may change. */
export function exitCodeOf({ hosts, unread, doubts }: Outlook): 0 | 1 {
  const refused = hosts.some(({ refusals }) => refusals.length > 0);
  return Object.keys(unread).length === 0 && doubts.length === 0 && !refused ? 0 : 1;
}

function unaskedGuards({ machine, stream, guardsToCome }: DeclaredHost): string[] {
  return guardsToCome.map(
    (guard) => `a guard of ${stream} on ${machine} is not known before an up: ${guard}`,
  );
}

interface Look {
  outlook: HostOutlook;
  unread?: string;
}

async function look(host: DeclaredHost, program: Claimant, reader: Asking): Promise<Look> {
  const { machine, stream, spec } = host;
  const of = (items: ItemOutlook[], refusals: Refusal[] = []): HostOutlook => ({
    machine,
    stream,
    items,
    refusals,
  });
  if (spec === undefined) return { outlook: of(host.items.map(notKnown)) };
  const { drift, unreachable } = await lookAt(spec, reader);
  if (unreachable === undefined)
    return { outlook: of(compare(host, spec.items, drift), await refusalsOf(spec, program, reader)) };
  return {
    outlook: of(host.items.map(({ key }) => ({ item: key, prospect: "unread" }))),
    unread: unreachable,
  };
}

async function refusalsOf(spec: HostStateSpec, program: Claimant, reader: Asking): Promise<Refusal[]> {
  const checks = [...(spec.guards ?? []), noOtherClaims(spec.items, program)];
  const results = await reader.verify({ ...spec, checks }, spec.secrets);
  return results
    .filter((result) => !isOpen(result))
    .map(({ name, evidence }) => ({ guard: name, evidence: evidence.trim() }));
}

/** Goes through the items in their order: what changes may concern those that follow. */
function compare(host: DeclaredHost, known: readonly Item[], drift: readonly Drift[]): ItemOutlook[] {
  const found = new Map<string, ItemOutlook>();
  for (const declared of host.items) {
    const item = known.find((other) => keyOf(other) === declared.key);
    const outlook = item === undefined ? notKnown(declared) : prospectOf(item, drift, found);
    found.set(declared.key, outlook);
  }
  return [...found.values()];
}

const notKnown = ({ key, unknown }: DeclaredItem): ItemOutlook => ({
  item: key,
  prospect: "later",
  unknown,
});

function prospectOf(
  item: Item,
  drift: readonly Drift[],
  before: ReadonlyMap<string, ItemOutlook>,
): ItemOutlook {
  const key = keyOf(item);
  const differs = drift.find((other) => other.item === key);
  const restores = kindOf(item).restores(item);
  const promise = restores === "exactly" ? {} : { restores };
  if (differs !== undefined)
    return {
      item: key,
      prospect: "change",
      observed: differs.observed,
      desired: differs.desired,
      ...promise,
    };
  const awaited = awaitedBy(item).map((other) => ({ other, prospect: before.get(other)?.prospect }));
  const cause = (...prospects: (Prospect | undefined)[]): string | undefined =>
    awaited.find(({ prospect }) => prospects.includes(prospect))?.other;
  const certain = cause("change", "again");
  if (certain !== undefined) return { item: key, prospect: "again", because: certain, ...promise };
  const possible = cause("later");
  return possible === undefined
    ? { item: key, prospect: "asWanted" }
    : { item: key, prospect: "later", because: possible };
}

/** Keys of the items whose change brings this one about again. */
function awaitedBy(item: Item): string[] {
  const fields = item as unknown as Record<string, string[] | undefined>;
  return (kindOf(item).waitsFor ?? []).flatMap((field) => fields[field] ?? []);
}

/** What earlier ups brought about on the same machine, and the program declares no more. */
function noLongerDeclared(hosts: DeclaredHost[], standing: Deployed<HostStateSpec>[]): HostOutlook[] {
  return standing.flatMap(({ spec: { connection, stream, items } }) => {
    const machine = connection.name;
    const there = hosts.filter((host) => host.machine === machine);
    // A machine with another key than before is another machine.
    if (there.some(({ spec }) => spec?.connection.hostKey !== connection.hostKey)) return [];
    const declared = there.flatMap((host) => host.items.map(({ key }) => key));
    const gone = items.map(keyOf).filter((key) => !declared.some((other) => mayBe(other, key)));
    const putBack = gone.map((item): ItemOutlook => ({ item, prospect: "putBack" }));
    return putBack.length === 0 ? [] : [{ machine, stream, items: putBack, refusals: [] }];
  });
}

/** Whether a declared key, of which not all may be known, can turn out to be `key`. */
function mayBe(declared: string, key: string): boolean {
  if (declared === key) return true;
  const [kind = ""] = declared.split(":");
  return declared.includes(knownLater) && (kind.startsWith("items") || key.startsWith(`${kind}:`));
}

/** One entry for each machine and stream, machines by name, streams in the program's order. */
function merged(hosts: HostOutlook[]): HostOutlook[] {
  const machines = unique(hosts.map(({ machine }) => machine)).sort();
  return machines.flatMap((machine) => {
    const own = hosts.filter((host) => host.machine === machine);
    return unique(own.map(({ stream }) => stream)).map((stream) => {
      const parts = own.filter((host) => host.stream === stream);
      return {
        machine,
        stream,
        items: parts.flatMap(({ items }) => items),
        refusals: parts.flatMap(({ refusals }) => refusals),
      };
    });
  });
}

const unique = (names: string[]): string[] => [...new Set(names)];
