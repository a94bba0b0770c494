/** Delta: a Kubernetes cluster. */
export { Cluster, type ClusterArgs } from "./cluster.ts";
export type { ClusterSettingsArgs, NodeArgs, ServerOptions } from "./clusterSettings.ts";
export { KubernetesAgent, type KubernetesAgentArgs } from "./kubernetesAgent.ts";
export { KubernetesServer, type KubernetesServerArgs } from "./kubernetesServer.ts";
export { PodNetwork, type PodNetworkArgs } from "./podNetwork/podNetwork.ts";
