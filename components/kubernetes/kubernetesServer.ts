import type { z } from "zod";
import type { HostState, ItemInput } from "../../provider/index.ts";
import * as pulumi from "../../pulumi.ts";
import { checkedArgs } from "../checkedArgs.ts";
import type { Machine } from "../machine.ts";
import { machineState } from "../machineState.ts";
import { type NodeArgs, type ServerOptions, serverSettings } from "./clusterSettings.ts";
import { firstServer } from "./kubeadm/strategy.ts";
import { openPort, ports } from "./openings.ts";

export interface KubernetesServerArgs extends NodeArgs, ServerOptions {}

/**
 * A server of a cluster made by kubeadm: API, controllers, scheduler and etcd on one machine. Secrets are encrypted in
 * etcd, requests are written to an audit log, pods are held to the baseline profile, and who has no identity may ask
 * for health only. Needs ContainerRuntime. Errors: GW101, GW402 (swap, kernel settings), and those of HostState.
 */
export class KubernetesServer extends pulumi.ComponentResource {
  readonly machine: Machine;
  readonly host: HostState;
  /** Where clients and nodes find the API, `HOST:PORT`. */
  readonly endpoint: pulumi.Output<string>;
  /** The cluster's authority, PEM. */
  readonly authority: pulumi.Output<string>;
  /** The administrator's kubeconfig; secret. */
  readonly kubeconfig: pulumi.Output<string>;

  constructor(name: string, args: KubernetesServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("groundwork:index:KubernetesServer", name, {}, opts);
    const settings = checkedArgs(name, serverSettings, args);
    this.machine = args.machine;
    this.endpoint = pulumi.output(args.endpoint ?? pulumi.interpolate`${args.machine.address}:${ports.api}`);
    const state = firstServer({
      machine: args.machine,
      settings,
      artifacts: args.artifacts,
      endpoint: this.endpoint,
    });
    // Openings first: the cluster's own pods use the API by the machine's address from its start on.
    const items = [...openings(settings), ...state.items];
    this.host = machineState(this, name, { ...args, stream: args.stream ?? name }, { ...state, items });
    this.authority = this.host.fact("authority");
    this.kubeconfig = this.host.secretFact("kubeconfig");
    this.registerOutputs({ endpoint: this.endpoint, authority: this.authority, kubeconfig: this.kubeconfig });
  }
}

const openings = (settings: z.infer<typeof serverSettings>): ItemInput[] => [
  ...openPort(ports.api, [...settings.nodeNetworks, settings.podSubnet, ...settings.apiSources]),
  ...openPort(ports.kubelet, [settings.podSubnet]),
];
