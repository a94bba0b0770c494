/** Delta: a Kubernetes cluster. */
export { Cluster, type ClusterArgs } from "./cluster.ts";
export { KubernetesAgent, type KubernetesAgentArgs } from "./kubernetesAgent.ts";
export { KubernetesServer, type KubernetesServerArgs, type ServerOptions } from "./kubernetesServer.ts";
export type { ClusterSettingsArgs, NodeArgs } from "./node.ts";
export { PodNetwork, type PodNetworkArgs } from "./podNetwork/podNetwork.ts";
