import { type DeclaredHost, type HostStateSpec, keyOf } from "../../provider/index.ts";
import { type Deployed, type Deployment, hostStates } from "../engine/deployment.ts";
import type { Declared } from "../rehearsal/rehearse.ts";

/** What an `up` would put back as it was before, as nothing declares it there any more. */
export interface GivenUp {
  /** Machines that are concerned. */
  machines: string[];
  /** Streams that are rolled back on some of them. */
  streams: string[];
  /** Machines that the program no longer declares at all: only these may be gone for good. */
  leaving: string[];
  /** Why, in words for the refusal. */
  because: string;
}

/**
 * What stands in the state and the program no longer declares: a machine or a stream is gone from the stack's file, or
 * is another machine at another address. A machine that was reinstalled has nothing to give back, one that has another
 * name gives back what is not declared under that one. Items that go from a HostState that stays are an ordinary change.
 * `machine`: an `up` of this one only.
 */
export function givenUp(deployment: Deployment, declared: Declared, machine?: string): GivenUp {
  const gone = hostStates(deployment).filter(
    (host) =>
      host.spec.items.length > 0 &&
      (machine === undefined || host.spec.connection.name === machine) &&
      !staysDeclared(host, declared.hosts),
  );
  return {
    machines: unique(gone.map(({ spec }) => spec.connection.name)),
    streams: unique(gone.map(({ spec }) => spec.stream)),
    leaving: leavingMachines(hostStates(deployment), declared.hosts, machine),
    because: reason(gone, declared),
  };
}

/** A machine of which some HostState stays as it is has not left. */
function leavingMachines(
  standing: Deployed<HostStateSpec>[],
  declared: DeclaredHost[],
  machine?: string,
): string[] {
  const names = (hosts: Deployed<HostStateSpec>[]): string[] =>
    unique(hosts.map(({ spec }) => spec.connection.name));
  const staying = names(standing.filter((host) => staysInPlace(host, declared)));
  return names(standing).filter(
    (name) => !staying.includes(name) && (machine === undefined || machine === name),
  );
}

function reason(gone: Deployed<HostStateSpec>[], { hosts, doubts }: Declared): string {
  const places = unique(gone.map(({ spec }) => `${spec.stream} on ${spec.connection.name}`)).join(", ");
  const ofPins = gone
    .filter((host) => isPinnedByAnotherType(host, hosts))
    .map(
      ({ spec }) =>
        `${spec.connection.name} has another address and a pin of another type: only it can tell whether it is the same machine`,
    );
  const why = [...doubts, ...unique(ofPins)];
  return why.length === 0
    ? `the stack's file no longer declares what would be rolled back: ${places}`
    : `it could not be told whether the stack's file still declares ${places}: ${why.join("; ")}`;
}

function staysDeclared(host: Deployed<HostStateSpec>, hosts: DeclaredHost[]): boolean {
  return sameName(host, hosts) === undefined ? isTakenOver(host, hosts) : staysInPlace(host, hosts);
}

/** True when the program goes on with it under its name, on what may be the same machine. */
function staysInPlace(host: Deployed<HostStateSpec>, hosts: DeclaredHost[]): boolean {
  const declared = sameName(host, hosts);
  if (declared === undefined) return false;
  const [old, wanted] = [host.spec.connection, declared.spec?.connection];
  if (wanted === undefined || wanted.hostKey === old.hostKey) return true;
  return placeOf(wanted) === placeOf(old);
}

/** True when the machine's new name wants every item, too: it claims them before the old name gives them back. */
function isTakenOver({ spec }: Deployed<HostStateSpec>, hosts: DeclaredHost[]): boolean {
  const heirs = hosts.filter(
    (host) => host.stream === spec.stream && host.spec?.connection.hostKey === spec.connection.hostKey,
  );
  const wanted = new Set(heirs.flatMap(({ items }) => items.map(({ key }) => key)));
  return spec.items.every((item) => wanted.has(keyOf(item)));
}

/** A machine has a key of each type. */
function isPinnedByAnotherType(host: Deployed<HostStateSpec>, hosts: DeclaredHost[]): boolean {
  const wanted = sameName(host, hosts)?.spec?.connection;
  return wanted !== undefined && typeOf(wanted) !== typeOf(host.spec.connection);
}

const sameName = ({ name }: Deployed<HostStateSpec>, hosts: DeclaredHost[]): DeclaredHost | undefined =>
  hosts.find((host) => host.name === name);

const typeOf = ({ hostKey }: HostStateSpec["connection"]): string => hostKey.split(" ")[0] ?? "";

const placeOf = ({ address, port = 22 }: HostStateSpec["connection"]): string => `${address} port ${port}`;

const unique = (names: string[]): string[] => [...new Set(names)].sort();
