import { PartialFailure } from "../partialFailure.ts";
import type { Call, DiffAnswer, Failure, Properties, ResourceType } from "./resource.ts";
import { fromState, inStateFormat } from "./stateFormat.ts";

type Kept = { inputs: Properties; outputs: Properties };

/** A resource type whose state says its format, and that refuses one of a newer format before it does anything. */
export class FormattedResource implements ResourceType {
  readonly #resource: ResourceType;

  constructor(resource: ResourceType) {
    this.#resource = resource;
  }

  check(urn: string, inputs: Properties): Failure[] {
    return this.#resource.check(urn, inputs);
  }

  diff(call: Call, old: Kept, inputs: Properties): DiffAnswer | Promise<DiffAnswer> {
    return this.#resource.diff(call, known(call, old), inputs);
  }

  async create(call: Call, inputs: Properties): Promise<{ id: string; outputs: Properties }> {
    const { id, outputs } = await this.#resource.create(call, inputs).catch(partly);
    return { id, outputs: inStateFormat(outputs) };
  }

  async update(call: Call, id: string, old: Kept, inputs: Properties): Promise<Properties> {
    return inStateFormat(await this.#resource.update(call, id, known(call, old), inputs).catch(partly));
  }

  async read(call: Call, id: string, state: Kept): Promise<Properties | undefined> {
    const outputs = await this.#resource.read(call, id, known(call, state));
    return outputs && inStateFormat(outputs);
  }

  async delete(call: Call, id: string, state: Kept): Promise<void> {
    return this.#resource.delete(call, id, known(call, state));
  }
}

function known({ urn }: Call, { inputs, outputs }: Kept): Kept {
  return { inputs, outputs: fromState(urn, outputs) };
}

/** What a failure leaves in the state says its format too. */
function partly(error: unknown): never {
  if (!(error instanceof PartialFailure)) throw error;
  const { cause, id, inputs, outputs } = error;
  throw new PartialFailure(cause as Error, id, inputs, inStateFormat(outputs));
}
