import * as pulumi from "../../pulumi.ts";
import type { LabMachineSpec, LabNetworkSpec } from "../resources/labSpec.ts";
import type { Inputs } from "./inputs.ts";

export type LabNetworkArgs = Inputs<LabNetworkSpec>;
export type LabMachineArgs = Inputs<Omit<LabMachineSpec, "network">> & {
  network: pulumi.Input<LabNetworkSpec>;
};

/** A bridge with NAT and an artifact server for the lab machines of one stack. Needs root on Linux. Errors: GW5xx. */
export class LabNetwork extends pulumi.CustomResource {
  declare readonly bridge: pulumi.Output<string>;
  declare readonly gateway: pulumi.Output<string>;
  declare readonly gateway6: pulumi.Output<string>;
  declare readonly artifactUrl: pulumi.Output<string>;

  constructor(name: string, args: LabNetworkArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "groundwork:index:LabNetwork",
      name,
      {
        ...args,
        bridge: undefined,
        gateway: undefined,
        gateway6: undefined,
        artifactUrl: undefined,
        missing: undefined,
      },
      opts,
    );
  }
}

/** A real Debian machine on this computer (systemd-nspawn) with a disk of its own. Needs root on Linux. Errors: GW5xx. */
export class LabMachine extends pulumi.CustomResource {
  declare readonly address: pulumi.Output<string>;
  declare readonly address6: pulumi.Output<string>;
  declare readonly machineId: pulumi.Output<string>;
  declare readonly hostKey: pulumi.Output<string>;
  declare readonly state: pulumi.Output<string>;

  constructor(name: string, args: LabMachineArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "groundwork:index:LabMachine",
      name,
      { ...args, machineId: undefined, hostKey: undefined, state: undefined },
      opts,
    );
  }
}
