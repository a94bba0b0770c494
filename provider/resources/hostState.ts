import { connectionSchema } from "../connection.ts";
import type { Deployment } from "../deployment/deployment.ts";
import { PartialFailure } from "../partialFailure.ts";
import { hasUnknown, reveal, secret, unknown, type Wire } from "../wire.ts";
import { applyHostState, ClaimMoved, leavesSomething } from "./applyHostState.ts";
import { deleteHostState } from "./deleteHostState.ts";
import { knownOf } from "./hostOperation.ts";
import {
  diffHostState,
  factsToCome,
  isOnlyAnotherWay,
  isOtherMachine,
  isOtherPin,
  type Kept,
  mayBeSameMachine,
} from "./hostStateDiff.ts";
import { type HostStateInputs, hostStateOf, hostStateSchema } from "./hostStateSpec.ts";
import { itemFailures } from "./itemFailures.ts";
import { isAsItWasLeft, machineIdAt, observeHost } from "./observeHost.ts";
import type { Call, DiffAnswer, Failure, Properties, PropertyChange, ResourceType } from "./resource.ts";
import { nothingKnown } from "./unfinished.ts";
import { validate } from "./validation.ts";

/** The ordered items of one stream on one machine. */
export class HostStateResource implements ResourceType {
  readonly #deployment: Deployment;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  check(urn: string, inputs: Properties): Failure[] {
    const failures = validate(hostStateSchema, inputs);
    if (failures.length > 0) return failures;
    const within = itemFailures(inputs);
    return within.length > 0 ? within : this.#conflicts(urn, inputs);
  }

  async diff(call: Call, old: Kept, inputs: Properties): Promise<DiffAnswer> {
    const { connection } = reveal(old.inputs) as Properties;
    const wanted = reveal(inputs.connection ?? null);
    const answer = diffHostState(old, inputs, await this.#answering(call, old, inputs));
    const before = connectionSchema.safeParse(connection);
    if (before.success && isOtherPin(connection, wanted) && answer.replaces.length > 0)
      this.#deployment.givenUpPins.note(before.data);
    if (before.success && isOtherMachine(old.outputs)) this.#deployment.givenUpPins.noteMachine(before.data);
    const claimant: PropertyChange = { path: "claimant", change: "update", drifted: true };
    return this.#takesOver(call.urn, old.outputs)
      ? { ...answer, changes: [...answer.changes, claimant] }
      : answer;
  }

  async create(call: Call, inputs: Properties): Promise<{ id: string; outputs: Properties }> {
    if (call.preview) return { id: "", outputs: { machineId: unknown, ...allToCome } };
    const name = call.urn.split("::").at(-1);
    try {
      const outputs = await applyHostState(this.#deployment, call, hostStateOf(inputs));
      return { id: `${String(outputs.machineId)}/${name}`, outputs };
    } catch (error) {
      throw leavesSomething(error)
        ? new PartialFailure(error, `unknown/${name}`, inputs, { ...nothingKnown(), claimant: call.urn })
        : error;
    }
  }

  async update(call: Call, id: string, old: Kept, inputs: Properties): Promise<Properties> {
    const { unreachable: _, unfinished, ...outputs } = old.outputs;
    const known = knownOf(old.outputs);
    const moved = isOnlyAnotherWay(old, inputs) && !this.#takesOver(call.urn, old.outputs);
    if (call.preview && unfinished === true)
      return { ...outputs, machineId: known.machineId || unknown, ...allToCome };
    if (call.preview)
      return moved
        ? outputs
        : { ...outputs, generation: unknown, drift: [], ...factsToCome(old.inputs, inputs) };
    const spec = hostStateOf(inputs);
    if (moved && (await isAsItWasLeft(this.#deployment, spec, call.urn, known.machineId))) return outputs;
    try {
      return await applyHostState(this.#deployment, call, spec, known);
    } catch (error) {
      throw leavesSomething(error)
        ? new PartialFailure(error, id, inputs, {
            ...outputs,
            ...claimantAfter(error, call),
            ...unfinishedUpdate,
          })
        : error;
    }
  }

  async read(call: Call, _id: string, state: Kept): Promise<Properties> {
    const { unreachable: _, foundMachineId: __, ...outputs } = state.outputs;
    const spec = hostStateOf(state.inputs);
    const seen = await observeHost(this.#deployment, spec, call.urn);
    if (seen.unreachable !== undefined) {
      // Its delete says so.
      if (this.#deployment.settings().gone.includes(spec.connection.name)) return outputs;
      this.#deployment.messages.warning(`${seen.unreachable}. Its state is kept as it was.`, call.urn);
      return { ...outputs, unreachable: seen.unreachable };
    }
    // Of a create whose end was never seen, not even the machine's identity is known.
    if (outputs.machineId !== "" && seen.machineId !== outputs.machineId)
      return { ...outputs, foundMachineId: seen.machineId ?? "" };
    return { ...outputs, drift: seen.drift as unknown as Wire };
  }

  async delete(call: Call, _id: string, state: Kept): Promise<void> {
    await deleteHostState(this.#deployment, call, hostStateOf(state.inputs), knownOf(state.outputs));
  }

  /** Asks who answers under a new pin that may be of the same machine. */
  async #answering({ urn }: Call, old: Kept, inputs: Properties): Promise<string | undefined> {
    if (!mayBeSameMachine(old, inputs)) return undefined;
    const wanted = connectionSchema.safeParse(reveal(inputs.connection ?? null));
    return wanted.success ? machineIdAt(this.#deployment, wanted.data, urn) : undefined;
  }

  /** True when the next operation takes another claim over: the registry knows it by another URN, or may. */
  #takesOver(urn: string, { claimant = urn }: Properties): boolean {
    return claimant !== urn || this.#deployment.settings().adopt !== "";
  }

  #conflicts(urn: string, inputs: Properties): Failure[] {
    const items = inputs.items;
    const known = (Array.isArray(items) ? items : []).filter((item) => !hasUnknown(item));
    const plain = reveal({ ...inputs, items: known }) as unknown as HostStateInputs;
    if (hasUnknown(plain.connection as unknown as Wire)) return [];
    return this.#deployment.claims.claim(plain.connection.hostKey, urn, plain.items).map((conflict) => ({
      property: "items",
      reason: `${conflict.key} is wanted with another value by ${conflict.other.split("::").at(-1)} (GW103): make both equal, or let one stream own it`,
    }));
  }
}

const unfinishedUpdate: Properties = { drift: [], unfinished: true };

/** By which URN the machine's registry knows it after a failed update. */
function claimantAfter(error: unknown, { urn }: Call): Properties {
  return error instanceof ClaimMoved ? { claimant: urn } : {};
}

/** What only an operation can tell. */
const allToCome: Properties = {
  generation: unknown,
  facts: unknown,
  secretFacts: secret(unknown),
  drift: [],
};
