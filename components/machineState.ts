import type * as pulumi from "@pulumi/pulumi";
import {
  type CheckInput,
  type FactInput,
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

/** What the state of one machine is told by the component that it is a part of. */
export interface MachineStateArgs {
  machine: Machine;
  /** The stream it belongs to, for messages and reports. */
  stream: string;
  /** What must be there first. */
  after?: pulumi.Input<pulumi.Resource>[];
  /** Reasons by check name, for checks that cannot be tried here. */
  waivers?: Record<string, string>;
}

/** The state of one machine as a child of its component. It goes with its machine, and gives way before it is replaced. */
export function machineState(
  parent: pulumi.ComponentResource,
  name: string,
  { machine, stream, after, waivers }: MachineStateArgs,
  spec: HostSpec,
): HostState {
  return new HostState(
    name,
    { connection: machine.connection, stream, waivers, ...spec },
    { parent, dependsOn: after, deletedWith: machine.resource, deleteBeforeReplace: true },
  );
}
