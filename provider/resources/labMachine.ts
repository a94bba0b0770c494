import { readFileSync } from "node:fs";
import type * as lab from "../../lab/index.ts";
import type { Deployment } from "../deployment/deployment.ts";
import { reveal, sameValue, unknown, type Wire } from "../wire.ts";
import { type LabMachineSpec, labMachineSchema } from "./labSpec.ts";
import type { Call, DiffAnswer, Failure, Properties, PropertyChange, ResourceType } from "./resource.ts";
import { parse, validate } from "./validation.ts";

/** Loaded when a lab is used: with machines elsewhere nothing of it is needed. */
const library = (): Promise<typeof import("../../lab/index.ts")> => import("../../lab/index.ts");

/** One machine of a lab: create boots, read asks, delete removes. A machine that died is started again with its disk as it was. */
export class LabMachineResource implements ResourceType {
  readonly #deployment: Deployment;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  check(_urn: string, inputs: Properties): Failure[] {
    return validate(labMachineSchema, inputs);
  }

  diff(_call: Call, old: { inputs: Properties; outputs: Properties }, inputs: Properties): DiffAnswer {
    const before = machineFields(reveal(old.inputs) as Properties);
    const after = machineFields(reveal(inputs) as Properties);
    const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
      (name) => !sameValue(before[name], after[name]),
    );
    const replaces = changed.filter((name) => name !== "roles");
    const drifted: PropertyChange[] =
      old.outputs.state === "running" ? [] : [{ path: "state", change: "update", drifted: true }];
    return {
      changes: [...changed.map((path): PropertyChange => ({ path, change: "update" })), ...drifted],
      replaces,
    };
  }

  async create(call: Call, inputs: Properties): Promise<{ id: string; outputs: Properties }> {
    const spec = call.preview ? undefined : parse(labMachineSchema, inputs);
    const addresses = { address: inputs.address ?? unknown, address6: inputs.address6 ?? unknown };
    if (spec === undefined)
      return { id: "", outputs: { ...addresses, machineId: unknown, hostKey: unknown, state: unknown } };
    const made = await (await library()).createMachine(asLab(spec));
    return {
      id: `${spec.network.name}/${spec.name}`,
      outputs: { ...addresses, machineId: made.machineId, hostKey: made.hostKey, state: "running" },
    };
  }

  async update(
    call: Call,
    _id: string,
    old: { outputs: Properties },
    inputs: Properties,
  ): Promise<Properties> {
    if (call.preview) return { ...old.outputs, state: "running" };
    const made = await (await library()).createMachine(asLab(parse(labMachineSchema, inputs)));
    return { ...old.outputs, machineId: made.machineId, hostKey: made.hostKey, state: "running" };
  }

  async read(
    call: Call,
    _id: string,
    state: { inputs: Properties; outputs: Properties },
  ): Promise<Properties | undefined> {
    const found = await (await library()).readMachine(asLab(parse(labMachineSchema, state.inputs)));
    if (found.state === "absent") return undefined;
    if (found.state !== "running") this.#deployment.messages.info(`found ${found.state}`, call.urn);
    const { machineId, hostKey } = state.outputs.machineId === "" ? found : state.outputs;
    return { ...state.outputs, machineId, hostKey, state: found.state };
  }

  async delete(_call: Call, _id: string, state: { inputs: Properties }): Promise<void> {
    await (await library()).deleteMachine(asLab(parse(labMachineSchema, state.inputs)));
  }
}

/** What makes the machine itself; of its network only the part that it boots with. */
function machineFields(inputs: Properties): Properties {
  const { network, ...own } = inputs;
  const fields = (network ?? {}) as { [key: string]: Wire };
  return {
    ...own,
    network: fields.name ?? null,
    subnet: fields.subnet ?? null,
    subnet6: fields.subnet6 ?? null,
  };
}

function asLab(spec: LabMachineSpec): lab.LabMachineSpec {
  const { privateKeyFile, ...rest } = spec;
  return { ...rest, publicKey: readFileSync(`${privateKeyFile}.pub`, "utf8").trim() };
}
