import type { HostState, ItemInput } from "../../provider/index.ts";
import * as pulumi from "../../pulumi.ts";
import { checkedArgs } from "../checkedArgs.ts";
import type { Machine } from "../machine.ts";
import { machineState } from "../machineState.ts";
import { type ClusterSettings, clusterSettings, type NodeArgs } from "./clusterSettings.ts";
import { agent } from "./kubeadm/strategy.ts";
import type { KubernetesServer } from "./kubernetesServer.ts";
import { openPort, openPortTo, ports } from "./openings.ts";

export interface KubernetesAgentArgs extends NodeArgs {
  /** Servers of the cluster, the first one first: any healthy one lets the agent join. At least one. */
  servers: [KubernetesServer, ...KubernetesServer[]];
}

/**
 * A machine that runs pods for a cluster made by kubeadm. It joins with a token that a server makes for it at that
 * moment, and trusts the cluster's authority alone. A machine that the cluster has forgotten joins again.
 * Needs ContainerRuntime. Errors: GW101, GW308, GW402 (swap, kernel settings), and those of HostState.
 */
export class KubernetesAgent extends pulumi.ComponentResource {
  readonly machine: Machine;
  readonly host: HostState;

  constructor(name: string, args: KubernetesAgentArgs, opts?: pulumi.ComponentResourceOptions) {
    super("groundwork:index:KubernetesAgent", name, {}, opts);
    const settings = checkedArgs(name, clusterSettings, args);
    const servers = args.servers.map((server) => server.machine);
    const state = agent({
      machine: args.machine,
      settings,
      artifacts: args.artifacts,
      endpoint: args.servers[0].endpoint,
      authority: args.servers[0].authority,
      servers,
    });
    this.machine = args.machine;
    this.host = machineState(
      this,
      name,
      {
        ...args,
        stream: args.stream ?? name,
        after: [...(args.after ?? []), ...args.servers.map((server) => server.host)],
      },
      { ...state, items: [...openings(settings, servers), ...state.items] },
    );
    this.registerOutputs({});
  }
}

/** kubelet answers servers, and pods that measure nodes. */
const openings = (settings: ClusterSettings, servers: Machine[]): ItemInput[] => [
  ...openPortTo(ports.kubelet, servers),
  ...openPort(ports.kubelet, [settings.podSubnet]),
];
