import * as pulumi from "../../pulumi.ts";
import type { Check } from "../checks/check.ts";
import type { Connection } from "../connection.ts";
import type { Item } from "../items/index.ts";
import type { Drift, Fact, Ticket } from "../resources/hostStateSpec.ts";
import type { Inputs } from "./inputs.ts";

type Distribute<T> = T extends { kind: string } ? Inputs<T> : never;

/** An item whose fields may be outputs of other resources; its `kind` is plain. */
export type ItemInput = Distribute<Item>;
export type CheckInput = Inputs<Check>;
export type FactInput = Inputs<Fact>;
export type TicketInput = Inputs<Ticket>;

export interface HostStateArgs {
  /** How to log in to the machine. */
  connection: pulumi.Input<Connection>;
  /** The stream it belongs to, for messages and reports. */
  stream: string;
  /** Desired state, in the order in which it is brought about. */
  items: ItemInput[];
  /** Must hold before anything is changed. */
  guards?: CheckInput[];
  /** Must hold after; a failure puts the machine back as it was before the operation. */
  checks?: CheckInput[];
  /** Values to read after the checks. */
  facts?: Record<string, FactInput>;
  /** Short-lived values that items consume. */
  tickets?: Record<string, TicketInput>;
  /** Reasons by check name, for checks that cannot be tried here: they may skip, not fail. */
  waivers?: Record<string, string>;
}

/**
 * The ordered items of one stream on one machine, brought about in one transaction.
 * Errors: GW102, GW2xx, GW3xx, GW4xx (docs/errors.md).
 */
export class HostState extends pulumi.CustomResource {
  /** The machine's identity. */
  declare readonly machineId: pulumi.Output<string>;
  /** Changes with every operation. */
  declare readonly generation: pulumi.Output<string>;
  /** Values by name. */
  declare readonly facts: pulumi.Output<Record<string, string>>;
  /** Values by name of the facts marked secret, encrypted in the state. */
  declare readonly secretFacts: pulumi.Output<Record<string, string>>;
  /** What the last read found different. */
  declare readonly drift: pulumi.Output<Drift[]>;

  constructor(name: string, args: HostStateArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "groundwork:index:HostState",
      name,
      {
        ...args,
        facts: args.facts ?? {},
        machineId: undefined,
        generation: undefined,
        secretFacts: undefined,
        drift: undefined,
        unreachable: undefined,
      },
      opts,
    );
  }

  /** One fact that is not secret. */
  fact(name: string): pulumi.Output<string> {
    return this.facts.apply((facts) => facts[name] ?? "");
  }

  /** One fact that is marked secret. */
  secretFact(name: string): pulumi.Output<string> {
    return pulumi.secret(this.secretFacts.apply((facts) => facts[name] ?? ""));
  }
}
