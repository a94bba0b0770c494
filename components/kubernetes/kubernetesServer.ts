import { z } from "zod";
import type { HostState, ItemInput } from "../../provider/index.ts";
import { network } from "../../provider/index.ts";
import * as pulumi from "../../pulumi.ts";
import { checkedArgs } from "../checkedArgs.ts";
import type { Machine } from "../machine.ts";
import { machineState } from "../machineState.ts";
import { firstServer } from "./kubeadm/strategy.ts";
import { clusterSettingsSchema, type NodeArgs } from "./node.ts";
import { openPort, ports } from "./openings.ts";

/** What a server is told beside what every node is. */
export interface ServerOptions {
  /** Where clients and nodes find the API, `HOST:PORT`. Default: the first server's address and port 6443. */
  endpoint?: pulumi.Input<string>;
  /** Networks in CIDR form that may use the API besides machines and pods. Default: none. */
  apiSources?: string[];
  /** Names and addresses besides endpoint and machine that the API's certificate holds. Default: none. */
  certificateNames?: string[];
  /**
   * Ordinary pods may run on servers. Default false: they carry the usual taint. Takes effect when a server first
   * registers.
   */
  runWorkloads?: boolean;
}

export interface KubernetesServerArgs extends NodeArgs, ServerOptions {}

/**
 * A server of a cluster made by kubeadm: API, controllers, scheduler and etcd on one machine. Secrets are encrypted in
 * etcd, requests are written to an audit log, pods are held to the baseline profile, and who has no identity may ask
 * for health only. Needs ContainerRuntime. Errors: GW101, GW402 (swap), and those of HostState.
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
    const settings = checkedArgs(name, serverSettingsSchema, args);
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

const serverSettingsSchema = clusterSettingsSchema.extend({
  apiSources: z.array(network).default([]),
  certificateNames: z
    .array(z.string().regex(/^[A-Za-z0-9.:*-]+$/, { error: "must be a DNS name or an IP address" }))
    .default([]),
  runWorkloads: z.boolean().default(false),
});

const openings = (settings: z.infer<typeof serverSettingsSchema>): ItemInput[] => [
  ...openPort(ports.api, [...settings.nodeNetworks, settings.podSubnet, ...settings.apiSources]),
  ...openPort(ports.kubelet, [settings.podSubnet]),
];
