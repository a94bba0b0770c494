import { z } from "zod";
import type { Machine } from "../machine.ts";
import type { CertificateAuthority } from "../security/certificates.ts";
import type { StreamArgs } from "../stream.ts";

export interface NodeExporterArgs {
  /** TCP port on every machine, 1 to 65535. Default 9100. */
  port?: number;
  /** Debian version, such as `1.5.0-1+b6`. Default: the newest of the machine's sources. */
  version?: string;
}

export interface PrometheusArgs {
  /** TCP port of the API on loopback, 1 to 65535. Default 9090. */
  port?: number;
  /** Debian version, such as `2.42.0+ds-5+b5`. Default: the newest of the machine's sources. */
  version?: string;
  /** Seconds between two scrapes, 1 to 3600. Default 15. */
  intervalSeconds?: number;
  /** Days that samples are kept, at least 1. Default 15. */
  retentionDays?: number;
  /** Most disk space of samples in MiB, at least 64. Default 2048. */
  retentionMiB?: number;
}

export interface BasicMonitoringArgs extends StreamArgs {
  /** The machines to watch, at least one. */
  machines: Machine[];
  /** Who signs the certificates: `SecurityBaseline.authority`. */
  authority: CertificateAuthority;
  /** Prometheus runs on the machines of this role, else on the first machine. Default `monitoring`. */
  role?: string;
  /** The exporter of each machine's metrics. */
  nodeExporter?: NodeExporterArgs;
  /** Prometheus. */
  prometheus?: PrometheusArgs;
}

const port = z.number().int().min(1).max(65535);
const version = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9.+:~-]*$/, { error: "must be a Debian version" })
  .optional();

const nodeExporterSettings = z.strictObject({ port: port.default(9100), version });
export type NodeExporterSettings = z.infer<typeof nodeExporterSettings>;

/** {@link PrometheusArgs}, and their defaults. */
export const prometheusSettings = z.strictObject({
  port: port.default(9090),
  version,
  intervalSeconds: z.number().int().min(1).max(3600).default(15),
  retentionDays: z.number().int().min(1).default(15),
  retentionMiB: z.number().int().min(64).default(2048),
});
export type PrometheusSettings = z.infer<typeof prometheusSettings>;

/** Checks what is plain among the arguments and fills in defaults. */
export const monitoringSettings = z.object({
  machines: z.array(z.unknown()).min(1, { error: "must hold at least one machine" }),
  role: z.string().min(1).default("monitoring"),
  nodeExporter: nodeExporterSettings.prefault({}),
  prometheus: prometheusSettings.prefault({}),
});

/** The arguments that are plain values, with their defaults. */
export type MonitoringSettings = z.infer<typeof monitoringSettings>;
