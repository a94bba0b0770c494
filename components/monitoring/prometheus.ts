import { isIPv6 } from "node:net";
import type * as pulumi from "@pulumi/pulumi";
import type { ItemInput } from "../../provider/index.ts";
import { authorityCertificateFile } from "../security/certificates.ts";
import type { PrometheusSettings } from "./monitoringSettings.ts";
import { monitoringFolder, renderWebTls } from "./webTls.ts";

/** A machine whose exporter is scraped. */
export interface Target {
  /** The machine's name: the label `instance`. */
  name: string;
  /** IPv4 or IPv6 address. */
  address: string;
  port: number;
}

/** Names of its certificates in {@link monitoringFolder}: for who asks it, and for when it asks. */
export const prometheusServerCertificate = "prometheus-server";
export const prometheusClientCertificate = "prometheus-client";

/** Samples: a rollback moves them aside. */
const dataFolder = "/var/lib/prometheus/metrics2";

const unit = "prometheus.service";
const configuration = `${monitoringFolder}/prometheus.yml`;
const webConfiguration = `${monitoringFolder}/prometheus-web.yml`;

/** As for the node exporter: Debian's unit must not start before its configuration is there. */
export function renderPrometheusDropIn(settings: PrometheusSettings): string {
  const flags = [
    `--config.file=${configuration}`,
    `--web.config.file=${webConfiguration}`,
    `--web.listen-address=127.0.0.1:${settings.port}`,
    `--storage.tsdb.path=${dataFolder}`,
    `--storage.tsdb.retention.time=${settings.retentionDays}d`,
    `--storage.tsdb.retention.size=${settings.retentionMiB}MB`,
  ];
  return `[Unit]
ConditionPathExists=${configuration}
ConditionPathExists=${webConfiguration}
ConditionPathExists=${monitoringFolder}/${prometheusServerCertificate}.crt

[Service]
ExecStart=
ExecStart=/usr/bin/prometheus ${flags.join(" ")}
`;
}

/** prometheus.yml: every machine's exporter over mutual TLS, known by the machine's name. */
export function renderPrometheusConfiguration(intervalSeconds: number, targets: Target[]): string {
  const jobs = targets.map(
    ({ name, address, port }) =>
      `      - targets: ["${isIPv6(address) ? `[${address}]` : address}:${port}"]\n        labels: {instance: "${name}"}`,
  );
  return `# Groundwork: written by the program, not by hand.
global:
  scrape_interval: ${intervalSeconds}s
  scrape_timeout: ${Math.min(10, intervalSeconds)}s
scrape_configs:
  - job_name: node
    scheme: https
    tls_config:
      ca_file: ${authorityCertificateFile}
      cert_file: ${monitoringFolder}/${prometheusClientCertificate}.crt
      key_file: ${monitoringFolder}/${prometheusClientCertificate}.key
      min_version: TLS13
    static_configs:
${jobs.join("\n")}
`;
}

/** Before its package: what keeps apt from starting it too early. */
export const prometheusDropIn = (settings: PrometheusSettings): ItemInput => ({
  kind: "unit",
  name: unit,
  dropIn: "10-groundwork",
  content: renderPrometheusDropIn(settings),
});

export const prometheusPackage = ({ version }: PrometheusSettings): ItemInput => ({
  kind: "package",
  name: "prometheus",
  version,
});

/** The user that it belongs to is the package's. */
export const prometheusData: ItemInput = {
  kind: "stateDirectory",
  path: dataFolder,
  owner: "prometheus",
  group: "prometheus",
};

/** After its certificates; `content` is {@link renderPrometheusConfiguration}'s, once all addresses are known. */
export function prometheusService(content: pulumi.Input<string>): ItemInput[] {
  return [
    { kind: "file", path: configuration, content, validate: 'promtool check config "$1"' },
    {
      kind: "file",
      path: webConfiguration,
      content: renderWebTls(prometheusServerCertificate),
      validate: 'promtool check web-config "$1"',
    },
    {
      kind: "service",
      unit,
      restartOn: [
        `unit:${unit}/10-groundwork`,
        `file:${webConfiguration}`,
        `certificate:${monitoringFolder}/${prometheusServerCertificate}`,
        `certificate:${monitoringFolder}/${prometheusClientCertificate}`,
        "package:prometheus",
      ],
      reloadOn: [`file:${configuration}`],
    },
  ];
}

/**
 * Succeeds when a query has a result. Asked over mutual TLS on the machine itself.
 * Arguments: port, PromQL.
 */
export const prometheusAnswers = `
said=$(curl --silent --show-error --max-time 10 --get \\
  --cacert ${authorityCertificateFile} \\
  --cert ${monitoringFolder}/${prometheusClientCertificate}.crt \\
  --key ${monitoringFolder}/${prometheusClientCertificate}.key \\
  --data-urlencode "query=$2" "https://127.0.0.1:$1/api/v1/query" 2>&1)
case $said in
  *'"status":"success"'*'"result":[{'*) echo "$said" | cut -c 1-400 ;;
  *)
    echo "no result of $2: $said" | cut -c 1-1000
    exit 1
    ;;
esac`;
