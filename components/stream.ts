import { type CheckInput, Gate, type HostState } from "../provider/index.ts";
import * as pulumi from "../pulumi.ts";
import type { Machine } from "./machine.ts";
import { type HostSpec, machineState } from "./machineState.ts";

export type { HostSpec } from "./machineState.ts";

/** Arguments that every stream has. */
export interface StreamArgs {
  /** Gates of earlier streams, and whatever else must be there first. */
  after?: pulumi.Input<pulumi.Resource>[];
  /** Reasons by check name, for checks that cannot be tried here: they may skip, not fail. They stand in every summary. */
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

  constructor(token: string, name: string, args: StreamArgs, opts?: pulumi.ComponentResourceOptions) {
    super(token, name, {}, opts);
    this.#streamArgs = args;
    this.#streamName = name;
  }

  /** Brings one machine to its desired state; `part` tells several HostStates of one machine apart. */
  protected host(machine: Machine, spec: HostSpec, part?: string, after: pulumi.Resource[] = []): HostState {
    const name = [this.#streamName, part, machine.name].filter((word) => word !== undefined).join("-");
    const { waivers } = this.#streamArgs;
    const args = {
      machine,
      stream: this.#streamName,
      waivers,
      after: [...(this.#streamArgs.after ?? []), ...after],
    };
    const host = machineState(this, name, args, spec);
    this.#hosts[name] = host;
    return host;
  }

  /** Puts HostStates that child components made behind the stream's Gate, by their full names. */
  protected adopt(hosts: Record<string, HostState>): void {
    Object.assign(this.#hosts, hosts);
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
