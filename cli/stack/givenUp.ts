import type { HostStateSpec } from "../../provider/index.ts";
import { type Deployed, type Deployment, hostStates } from "../engine/deployment.ts";
import type { Declared } from "../rehearsal/rehearse.ts";

/** What an `up` would put back as it was before, as nothing declares it there any more. */
export interface GivenUp {
  /** Machines that are concerned. */
  machines: string[];
  /** Streams that are rolled back on some of them. */
  streams: string[];
  /** Why, in words for the refusal. */
  because: string;
}

/**
 * What stands in the state and the program no longer declares: a machine or a stream is gone from the stack's file, has
 * another name, or is another machine at another address. A machine that was reinstalled has nothing to give back. Items
 * that go from a HostState that stays are an ordinary change. `machine`: an `up` of this one only.
 */
export function givenUp(deployment: Deployment, declared: Declared, machine?: string): GivenUp {
  const gone = hostStates(deployment).filter(
    (host) =>
      host.spec.items.length > 0 &&
      (machine === undefined || host.spec.connection.name === machine) &&
      !staysDeclared(host, declared),
  );
  const places = gone.map(({ spec }) => `${spec.stream} on ${spec.connection.name}`);
  const doubts = declared.doubts.map((doubt) => ` (not certain: ${doubt})`).join("");
  return {
    machines: unique(gone.map(({ spec }) => spec.connection.name)),
    streams: unique(gone.map(({ spec }) => spec.stream)),
    because: `the stack's file no longer declares what would be rolled back: ${unique(places).join(", ")}${doubts}`,
  };
}

function staysDeclared({ name, spec }: Deployed<HostStateSpec>, { hosts }: Declared): boolean {
  const declared = hosts.find((host) => host.name === name);
  if (declared === undefined) return false;
  const [old, wanted] = [spec.connection, declared.spec?.connection];
  if (wanted === undefined || wanted.hostKey === old.hostKey) return true;
  return placeOf(wanted) === placeOf(old);
}

const placeOf = ({ address, port = 22 }: HostStateSpec["connection"]): string => `${address} port ${port}`;

const unique = (names: string[]): string[] => [...new Set(names)].sort();
