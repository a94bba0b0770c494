/** What streams can be told, without the streams themselves: schemas and rules for those who check a configuration. */
export {
  type ClusterSettingsArgs,
  clusterSettings,
  type ServerOptions,
  serverSettings,
} from "./kubernetes/clusterSettings.ts";
export { podSubnetOf } from "./kubernetes/podNetwork/podSubnet.ts";
export type { Architecture } from "./machine.ts";
export { type PrometheusArgs, prometheusSettings } from "./monitoring/monitoringSettings.ts";
export {
  type SecurityBaselineArgs,
  type SshSettings,
  securitySettings,
  sshSettings,
} from "./security/securitySettings.ts";
export { lockOut } from "./security/sshd.ts";
