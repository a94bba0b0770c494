import { randomUUID } from "node:crypto";
import { secret } from "../wire.ts";
import type { Properties } from "./resource.ts";
import { inStateFormat } from "./stateFormat.ts";

/** What the state keeps of a HostState that was begun and whose end was never seen. */
export function nothingKnown(): Properties {
  return {
    machineId: "",
    generation: randomUUID(),
    facts: {},
    secretFacts: secret({}),
    drift: [],
    unfinished: true,
  };
}

/**
 * What the state has to hold of a resource whose create was cut off: the next operation reads how far it came, and a
 * destroy takes back what is there, which may be nothing. Undefined for a type that leaves nothing behind.
 */
export function unfinishedCreate(
  type: string,
  name: string,
  inputs: Properties,
): { id: string; outputs: Properties } | undefined {
  const left = leftOf(type, name, inputs);
  return left && { id: left.id, outputs: inStateFormat(left.outputs) };
}

function leftOf(
  type: string,
  name: string,
  inputs: Properties,
): { id: string; outputs: Properties } | undefined {
  switch (type) {
    case "groundwork:index:HostState":
      return { id: `unknown/${name}`, outputs: { ...nothingKnown(), secretFacts: {} } };
    case "groundwork:index:LabMachine": {
      const { address = "", address6 = "" } = inputs;
      return {
        id: `unknown/${name}`,
        outputs: { address, address6, machineId: "", hostKey: "", state: "absent" },
      };
    }
    case "groundwork:index:LabNetwork":
      return {
        id: String(inputs.name),
        outputs: { bridge: "", gateway: "", gateway6: "", artifactUrl: "", missing: [] },
      };
    default:
      return undefined;
  }
}
