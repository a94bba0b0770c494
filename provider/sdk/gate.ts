import * as pulumi from "../../pulumi.ts";
import type { CheckInput } from "./hostState.ts";

export interface GateArgs {
  /** The stream whose gate it is. */
  stream: string;
  /** Generation of each HostState of the stream, by name. */
  generations: Record<string, pulumi.Input<string>>;
  /** Each names its machine in `on`. */
  checks: CheckInput[];
  /** Reasons by check name, for checks that cannot be tried here: they may skip, not fail. */
  waivers?: Record<string, string>;
}

/** Succeeds only while every check of its stream passes; never changes a machine. Errors: GW401, GW403. */
export class Gate extends pulumi.CustomResource {
  declare readonly generation: pulumi.Output<string>;
  declare readonly summary: pulumi.Output<string>;
  declare readonly evidence: pulumi.Output<string>;
  declare readonly failing: pulumi.Output<string[]>;

  constructor(name: string, args: GateArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "groundwork:index:Gate",
      name,
      { ...args, generation: undefined, summary: undefined, evidence: undefined, failing: undefined },
      opts,
    );
  }
}
