import type * as pulumi from "@pulumi/pulumi";
import { HostState } from "../../provider/index.ts";
import type { Machine } from "../machine.ts";
import type { HostSpec } from "../stream.ts";

/** What the state of one machine is told by the component that it is a part of. */
export interface NodeHostArgs {
  machine: Machine;
  /** The stream it belongs to, for messages and reports. */
  stream: string;
  after?: pulumi.Input<pulumi.Resource>[];
  waivers?: Record<string, string>;
}

/** The state of one machine as a child of its component. */
export function nodeHost(
  parent: pulumi.ComponentResource,
  name: string,
  { machine, stream, after, waivers }: NodeHostArgs,
  spec: HostSpec,
): HostState {
  return new HostState(
    name,
    { connection: machine.connection, stream, waivers, ...spec },
    { parent, dependsOn: after, deletedWith: machine.resource, deleteBeforeReplace: true },
  );
}
