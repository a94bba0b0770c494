/** Streams and what they are told. */
export * as checks from "./checks/index.ts";
export * from "./kubernetes/index.ts";
export type { Architecture, Machine } from "./machine.ts";
export { BasicMonitoring } from "./monitoring/basicMonitoring.ts";
export type {
  BasicMonitoringArgs,
  NodeExporterArgs,
  PrometheusArgs,
} from "./monitoring/monitoringSettings.ts";
export * from "./runtime/index.ts";
export {
  type AuthorityBackup,
  type CertificateAuthority,
  type Leaf,
  type LeafParts,
  leafCertificate,
} from "./security/certificates.ts";
export { SecurityBaseline } from "./security/securityBaseline.ts";
export type { JournalArgs, SecurityBaselineArgs, SshArgs } from "./security/securitySettings.ts";
export { type HostSpec, Stream, type StreamArgs } from "./stream.ts";
