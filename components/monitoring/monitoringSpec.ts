import { isIPv6 } from "node:net";
import type { ItemInput } from "../../provider/index.ts";
import * as pulumi from "../../pulumi.ts";
import type { Machine } from "../machine.ts";
import { type CertificateAuthority, type Leaf, leafCertificate } from "../security/certificates.ts";
import type { HostSpec } from "../stream.ts";
import { certificateDaysItems } from "./certificateDays.ts";
import type { MonitoringSettings } from "./monitoringSettings.ts";
import {
  nodeExporterCertificate,
  nodeExporterDropIn,
  nodeExporterPackage,
  nodeExporterService,
} from "./nodeExporter.ts";
import {
  prometheusClientCertificate,
  prometheusData,
  prometheusDropIn,
  prometheusPackage,
  prometheusServerCertificate,
  prometheusService,
  renderPrometheusConfiguration,
} from "./prometheus.ts";
import { monitoringFolder } from "./webTls.ts";

/** The machines of a stack, as monitoring sees them. */
export interface Watched {
  machines: Machine[];
  /** Those that run Prometheus. */
  monitors: Machine[];
}

/** A program with its place in the order: what keeps it from starting too early, itself, its certificates, its start. */
interface Part {
  dropIn: ItemInput;
  package: ItemInput;
  leaves: Omit<Leaf, "folder" | "owner">[];
  service: ItemInput[];
}

/** What one machine runs. Packages stand side by side, because neighbours are installed in one run of apt. */
export function monitoringSpec(
  machine: Machine,
  { machines, monitors }: Watched,
  authority: CertificateAuthority,
  settings: MonitoringSettings,
): HostSpec {
  const parts = [exporterPart(settings)];
  if (monitors.includes(machine)) parts.push(prometheusPart(machines, settings));
  const leaves = parts.flatMap((part) => part.leaves.map((leaf) => leafOf(authority, machine, leaf)));
  const scrapers = monitors.filter((monitor) => monitor !== machine);
  return {
    items: [
      { kind: "directory", path: monitoringFolder },
      ...parts.map((part) => part.dropIn),
      ...parts.map((part) => part.package),
      ...leaves.map((leaf) => leaf.item),
      ...scrapers.flatMap((monitor) => openingsFor(monitor, settings.nodeExporter.port)),
      ...certificateDaysItems,
      ...parts.flatMap((part) => part.service),
    ],
    tickets: Object.assign({}, ...leaves.map((leaf) => leaf.tickets)),
  };
}

const exporterPart = ({ nodeExporter }: MonitoringSettings): Part => ({
  dropIn: nodeExporterDropIn(nodeExporter),
  package: nodeExporterPackage(nodeExporter),
  leaves: [{ name: nodeExporterCertificate, usage: "server" }],
  service: nodeExporterService,
});

function prometheusPart(machines: Machine[], { prometheus, nodeExporter }: MonitoringSettings): Part {
  const targets = machines.map(({ name, address }) =>
    pulumi.output(address).apply((known) => ({ name, address: known, port: nodeExporter.port })),
  );
  const configuration = pulumi
    .all(targets)
    .apply((known) => renderPrometheusConfiguration(prometheus.intervalSeconds, known));
  return {
    dropIn: prometheusDropIn(prometheus),
    package: prometheusPackage(prometheus),
    leaves: [
      { name: prometheusServerCertificate, usage: "server", names: ["DNS:localhost", "IP:127.0.0.1"] },
      { name: prometheusClientCertificate, usage: "client" },
    ],
    service: [prometheusData, ...prometheusService(configuration)],
  };
}

/** Both programs run as the user of Debian's packages. */
const leafOf = (authority: CertificateAuthority, machine: Machine, leaf: Part["leaves"][number]) =>
  leafCertificate(authority, machine, { ...leaf, folder: monitoringFolder, owner: "prometheus" });

/** The monitor's own addresses and no others. What it asks of itself goes over loopback and needs none. */
function openingsFor({ address, address6 }: Machine, port: number): ItemInput[] {
  return [address, address6].flatMap((one) => (one === undefined ? [] : [openingFor(one, port)]));
}

const openingFor = (address: pulumi.Input<string>, port: number): ItemInput => ({
  kind: "allowedPort",
  protocol: "tcp",
  port,
  from: pulumi.output(address).apply((known) => `${known}/${isIPv6(known) ? 128 : 32}`),
});
