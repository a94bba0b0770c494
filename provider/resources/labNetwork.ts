import type { Deployment } from "../deployment/deployment.ts";
import { reveal, sameValue, unknown } from "../wire.ts";
import { labNetworkSchema } from "./labSpec.ts";
import type { Call, DiffAnswer, Failure, Properties, PropertyChange, ResourceType } from "./resource.ts";
import { parse, validate } from "./validation.ts";

/** Loaded when a lab is used: with machines elsewhere nothing of it is needed. */
const library = (): Promise<typeof import("../../lab/index.ts")> => import("../../lab/index.ts");

/** A lab's bridge, NAT and artifact server. */
export class LabNetworkResource implements ResourceType {
  readonly #deployment: Deployment;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  check(_urn: string, inputs: Properties): Failure[] {
    return validate(labNetworkSchema, inputs);
  }

  diff(_call: Call, old: { inputs: Properties; outputs: Properties }, inputs: Properties): DiffAnswer {
    const before = reveal(old.inputs) as Properties;
    const after = reveal(inputs) as Properties;
    const changed = Object.keys(after).filter((name) => !sameValue(before[name], after[name]));
    const missing = old.outputs.missing;
    const drifted: PropertyChange[] =
      Array.isArray(missing) && missing.length > 0
        ? [{ path: "missing", change: "delete", drifted: true }]
        : [];
    const replaces = changed.filter((name) => name !== "artifactFolder");
    return {
      changes: [...changed.map((path): PropertyChange => ({ path, change: "update" })), ...drifted],
      replaces,
    };
  }

  async create(call: Call, inputs: Properties): Promise<{ id: string; outputs: Properties }> {
    if (call.preview)
      return {
        id: "",
        outputs: { bridge: unknown, gateway: unknown, gateway6: unknown, artifactUrl: unknown, missing: [] },
      };
    const spec = parse(labNetworkSchema, inputs);
    return { id: spec.name, outputs: { ...(await (await library()).createNetwork(spec)), missing: [] } };
  }

  async update(
    call: Call,
    _id: string,
    old: { outputs: Properties },
    inputs: Properties,
  ): Promise<Properties> {
    if (call.preview) return { ...old.outputs, missing: [] };
    const spec = parse(labNetworkSchema, inputs);
    return { ...(await (await library()).createNetwork(spec)), missing: [] };
  }

  async read(
    call: Call,
    _id: string,
    state: { inputs: Properties; outputs: Properties },
  ): Promise<Properties | undefined> {
    const spec = parse(labNetworkSchema, state.inputs);
    const { networkState, readNetwork } = await library();
    const found = await readNetwork(spec);
    if (found.state === "absent") return undefined;
    if (found.missing.length > 0)
      this.#deployment.messages.info(`missing: ${found.missing.join(", ")}`, call.urn);
    return { ...networkState(spec), missing: found.missing };
  }

  async delete(_call: Call, _id: string, state: { inputs: Properties }): Promise<void> {
    await (await library()).deleteNetwork(parse(labNetworkSchema, state.inputs));
  }
}
