import type { ItemInput } from "../../provider/index.ts";
import { textfileFolder } from "./certificateDays.ts";
import type { NodeExporterSettings } from "./monitoringSettings.ts";
import { monitoringFolder, renderWebTls } from "./webTls.ts";

/** Name of its certificate and its key in {@link monitoringFolder}. */
export const nodeExporterCertificate = "node-exporter";

const unit = "prometheus-node-exporter.service";
const webConfiguration = `${monitoringFolder}/node-exporter-web.yml`;

/**
 * Beside Debian's unit. apt starts what it installs: the condition keeps it from serving before it has its
 * certificate, in clear and to everyone. systemd.unit(5)
 */
export const renderNodeExporterDropIn = (port: number): string => `[Unit]
ConditionPathExists=${webConfiguration}
ConditionPathExists=${monitoringFolder}/${nodeExporterCertificate}.crt

[Service]
ExecStart=
ExecStart=/usr/bin/prometheus-node-exporter --web.listen-address=:${port} --web.config.file=${webConfiguration} --collector.textfile.directory=${textfileFolder}
NoNewPrivileges=yes
ProtectHome=yes
`;

/** Before its package: what keeps apt from starting it too early. */
export const nodeExporterDropIn = ({ port }: NodeExporterSettings): ItemInput => ({
  kind: "unit",
  name: unit,
  dropIn: "10-groundwork",
  content: renderNodeExporterDropIn(port),
});

export const nodeExporterPackage = ({ version }: NodeExporterSettings): ItemInput => ({
  kind: "package",
  name: "prometheus-node-exporter",
  version,
});

/** After its certificate. */
export const nodeExporterService: ItemInput[] = [
  { kind: "file", path: webConfiguration, content: renderWebTls(nodeExporterCertificate) },
  {
    kind: "service",
    unit,
    restartOn: [
      `unit:${unit}/10-groundwork`,
      `file:${webConfiguration}`,
      `certificate:${monitoringFolder}/${nodeExporterCertificate}`,
      "package:prometheus-node-exporter",
    ],
  },
];
