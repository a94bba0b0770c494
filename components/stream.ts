import * as pulumi from "@pulumi/pulumi";
import {
  type CheckInput,
  type FactInput,
  Gate,
  HostState,
  type ItemInput,
  type TicketInput,
} from "../provider/index.ts";
import type { Machine } from "./machine.ts";

/** What a stream wants of one machine, as data: apply, verify and rollback all come from it. */
export interface HostSpec {
  items: ItemInput[];
  guards?: CheckInput[];
  checks?: CheckInput[];
  facts?: Record<string, FactInput>;
  tickets?: Record<string, TicketInput>;
}

/** Arguments that every stream has. */
export interface StreamArgs {
  /** Gates of earlier streams, and whatever else must be there first. */
  after?: pulumi.Input<pulumi.Resource>[];
  /** Reasons by check name, for checks that cannot pass here: they stand in every summary. */
  waivers?: Record<string, string>;
}

/**
 * A ComponentResource for one team or work stream. It owns HostStates and one Gate; other streams depend on
 * {@link Stream.gate}, never on the component, and public outputs pass through {@link Stream.behindGate}.
 */
export abstract class Stream extends pulumi.ComponentResource {
  /** Opens when every check of the stream passes. Assigned last by each stream's constructor. */
  gate!: Gate;
  readonly #streamArgs: StreamArgs;
  readonly #streamName: string;
  readonly #hosts: Record<string, HostState> = {};
  readonly #checks: CheckInput[] = [];

  /** `title` is the stream's name for people: `Alpha`. */
  constructor(token: string, name: string, args: StreamArgs, opts?: pulumi.ComponentResourceOptions) {
    super(token, name, {}, opts);
    this.#streamArgs = args;
    this.#streamName = name;
  }

  /** Brings one machine to its desired state; `part` tells several HostStates of one machine apart. */
  protected host(machine: Machine, spec: HostSpec, part?: string, after: pulumi.Resource[] = []): HostState {
    const name = [this.#streamName, part, machine.name].filter((word) => word !== undefined).join("-");
    const host = new HostState(
      name,
      {
        connection: machine.connection,
        stream: this.#streamName,
        waivers: this.#streamArgs.waivers,
        ...spec,
      },
      {
        parent: this,
        dependsOn: [...(this.#streamArgs.after ?? []), ...after],
        deletedWith: machine.resource,
        deleteBeforeReplace: true,
      },
    );
    this.#hosts[name] = host;
    return host;
  }

  /** Adds a check that is made from `machine` once the stream's hosts are done. */
  protected check(machine: Machine, check: CheckInput): void {
    this.#checks.push({ on: machine.connection, ...check });
  }

  /** Closes the stream: its Gate runs all checks. Call once, last. */
  protected closeGate(): Gate {
    const hosts = Object.entries(this.#hosts);
    return new Gate(
      this.#streamName,
      {
        stream: this.#streamName,
        generations: Object.fromEntries(hosts.map(([name, host]) => [name, host.generation])),
        checks: this.#checks,
        waivers: this.#streamArgs.waivers,
      },
      { parent: this, dependsOn: [...(this.#streamArgs.after ?? []), ...hosts.map(([, host]) => host)] },
    );
  }

  /** A value that others see only once the Gate is open. */
  protected behindGate<T>(value: pulumi.Input<T>): pulumi.Output<T> {
    return pulumi.all([value, this.gate.generation]).apply(([inner]) => inner as T);
  }
}
