import { isIPv6 } from "node:net";
import type { CheckInput } from "../../provider/index.ts";
import * as pulumi from "../../pulumi.ts";
import {
  certificateValid,
  commandSucceeds,
  portClosed,
  script,
  strangerShutOut,
  unitActive,
} from "../checks/index.ts";
import type { Machine } from "../machine.ts";
import { authorityCertificateFile, type Leaf } from "../security/certificates.ts";
import { clientCertificateNeeded } from "./clientCertificate.ts";
import type { MonitoringSettings } from "./monitoringSettings.ts";
import type { Watched } from "./monitoringSpec.ts";
import { nodeExporterCertificate } from "./nodeExporter.ts";
import { prometheusAnswers, prometheusClientCertificate, prometheusServerCertificate } from "./prometheus.ts";
import { monitoringFolder } from "./webTls.ts";

/** What a machine finds out about its exporter, and one machine that is no monitor, if there is one. */
export function exporterChecks(
  machine: Machine,
  { machines, monitors }: Watched,
  { nodeExporter: { port } }: MonitoringSettings,
): CheckInput[] {
  const stranger = machines.find((other) => other !== machine && !monitors.includes(other));
  const endpoint = pulumi.output(machine.address).apply((address) => ({ address, port }));
  const fromStranger = `the node exporter of ${machine.name} is closed to a machine that is no monitor`;
  return [
    unitActive("prometheus-node-exporter.service"),
    unitActive("groundwork-certificate-days.timer"),
    certificateCheck(nodeExporterCertificate, "server"),
    strangerShutOut("the node exporter is out of a stranger's reach", port, false),
    ...(stranger === undefined
      ? []
      : [{ ...portClosed(fromStranger, endpoint, "echo"), on: stranger.connection }]),
  ];
}

/** What a monitor finds out: about its Prometheus, and through it about every machine. */
export function prometheusChecks({ machines }: Watched, settings: MonitoringSettings): CheckInput[] {
  const { port } = settings.prometheus;
  return [
    unitActive("prometheus.service"),
    certificateCheck(prometheusServerCertificate, "server"),
    certificateCheck(prometheusClientCertificate, "client"),
    commandSucceeds("Prometheus listens on loopback only", script(listensOnLoopback, port)),
    commandSucceeds(
      "Prometheus refuses who has no client certificate",
      script(clientCertificateNeeded, `https://127.0.0.1:${port}/-/ready`),
      { within: 60 },
    ),
    ...machines.flatMap((machine) => targetChecks(machine, settings)),
  ];
}

function targetChecks(machine: Machine, { prometheus, nodeExporter }: MonitoringSettings): CheckInput[] {
  const { port, intervalSeconds } = prometheus;
  // The first scrape takes up to an interval.
  const timing = { within: 60 + 2 * intervalSeconds };
  const refusal = pulumi
    .output(machine.address)
    .apply((address) =>
      script(clientCertificateNeeded, `https://${hostOf(address)}:${nodeExporter.port}/metrics`),
    );
  return [
    commandSucceeds(
      `${machine.name} is up by Prometheus's API`,
      script(prometheusAnswers, port, upQuery(machine.name, intervalSeconds)),
      timing,
    ),
    commandSucceeds(
      `${machine.name} tells the days left of its certificates`,
      script(prometheusAnswers, port, daysQuery(machine.name)),
      timing,
    ),
    commandSucceeds(`a scrape of ${machine.name} without a client certificate is refused`, refusal, {
      within: 30,
    }),
  ];
}

const certificateCheck = (certificate: string, usage: Leaf["usage"]): CheckInput =>
  certificateValid(`the certificate ${certificate} is valid`, {
    path: `${monitoringFolder}/${certificate}`,
    authority: authorityCertificateFile,
    usage,
  });

/** PromQL: the last scrape succeeded and is not old. */
export function upQuery(instance: string, intervalSeconds: number): string {
  const up = `up{job="node",instance="${instance}"}`;
  return `${up} == 1 and time() - timestamp(${up}) < ${2 * intervalSeconds + 5}`;
}

const daysQuery = (instance: string): string =>
  `min(groundwork_certificate_days_left{job="node",instance="${instance}"}) > 0`;

const hostOf = (address: string): string => (isIPv6(address) ? `[${address}]` : address);

const listensOnLoopback = `
listeners=$(ss -Hltn "sport = :$1" | awk '{ print $4 }')
echo "port $1: \${listeners:-nobody}"
[ "$listeners" = "127.0.0.1:$1" ]`;
