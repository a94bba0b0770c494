import assert from "node:assert/strict";
import { Deployment } from "../../provider/deployment/deployment.ts";
import type { HostStateInputs } from "../../provider/index.ts";
import { PartialFailure } from "../../provider/partialFailure.ts";
import { HostStateResource } from "../../provider/resources/hostState.ts";
import type { Call, Properties } from "../../provider/resources/resource.ts";

/** What a program wants of the HostState; the stream is its name. */
export type DirectSpec = Omit<HostStateInputs, "stream">;

/** What the engine's state would keep. */
interface Kept {
  id: string;
  inputs: Properties;
  outputs: Properties;
}

/**
 * A HostState of a real machine, asked for as the engine asks the provider, without an engine: each operation is a
 * deployment of its own, and what fails is thrown as it is.
 */
export class DirectHost {
  /** What the last operation told the user. */
  readonly said: string[] = [];
  readonly #call: Call;
  readonly #name: string;
  #kept: Kept | undefined;

  /** @param name of the resource, and of its stream */
  constructor(name: string) {
    this.#name = name;
    this.#call = {
      urn: `urn:pulumi:dev::test::groundwork:index:HostState::${name}`,
      preview: false,
      timeout: 0,
    };
  }

  /** Creates it, or updates what an earlier `up` left. */
  async up(spec: DirectSpec): Promise<void> {
    const inputs = { stream: this.#name, ...spec } as unknown as Properties;
    await this.#deployment(async (resource) => {
      assert.deepEqual(resource.check(this.#call.urn, inputs), []);
      try {
        this.#kept = await this.#bring(resource, inputs);
      } catch (error) {
        if (!(error instanceof PartialFailure)) throw error;
        this.#kept = { id: error.id, inputs: error.inputs, outputs: error.outputs };
        throw error.cause;
      }
    });
  }

  async #bring(resource: HostStateResource, inputs: Properties): Promise<Kept> {
    if (this.#kept === undefined) return { inputs, ...(await resource.create(this.#call, inputs)) };
    const { id } = this.#kept;
    return { id, inputs, outputs: await resource.update(this.#call, id, this.#kept, inputs) };
  }

  /** Keys of the items that differ on the machine from what the last `up` brought about. */
  async drift(): Promise<string[]> {
    const kept = this.#known();
    const seen = await this.#deployment((resource) => resource.read(this.#call, kept.id, kept));
    assert.ok(seen, "the machine is gone");
    return (seen.drift as unknown as { item: string }[]).map(({ item }) => item);
  }

  /** Gives everything back. */
  async destroy(): Promise<void> {
    const kept = this.#known();
    await this.#deployment((resource) => resource.delete(this.#call, kept.id, kept));
    this.#kept = undefined;
  }

  #known() {
    assert.ok(this.#kept, "nothing was brought about yet");
    return this.#kept;
  }

  async #deployment<T>(work: (resource: HostStateResource) => Promise<T>): Promise<T> {
    this.said.length = 0;
    const note = (text: string): void => void this.said.push(text);
    const deployment = new Deployment({ info: note, warning: note, status: () => undefined });
    try {
      return await work(new HostStateResource(deployment));
    } finally {
      await deployment.close();
    }
  }
}
