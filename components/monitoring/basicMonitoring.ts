import { isIPv6 } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { CheckInput, ItemInput } from "../../provider/index.ts";
import { checkedArgs } from "../checkedArgs.ts";
import {
  certificateValid,
  commandSucceeds,
  portClosed,
  script,
  strangerShutOut,
  unitActive,
} from "../checks/index.ts";
import type { Machine } from "../machine.ts";
import {
  authorityCertificateFile,
  type CertificateAuthority,
  type Leaf,
  leafCertificate,
} from "../security/certificates.ts";
import { type HostSpec, Stream, type StreamArgs } from "../stream.ts";
import { certificateDaysItems } from "./certificateDays.ts";
import { clientCertificateNeeded } from "./clientCertificate.ts";
import { nodeExporterCertificate, nodeExporterPackage, nodeExporterService } from "./nodeExporter.ts";
import {
  prometheusAnswers,
  prometheusClientCertificate,
  prometheusPackage,
  prometheusServerCertificate,
  prometheusService,
  renderPrometheusConfiguration,
} from "./prometheus.ts";
import { monitoringFolder } from "./webTls.ts";

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
  /** Who signs the certificates: {@link SecurityBaseline.authority}. */
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

const settingsSchema = z.object({
  machines: z.array(z.unknown()).min(1, { error: "must hold at least one machine" }),
  role: z.string().min(1).default("monitoring"),
  nodeExporter: z.strictObject({ port: port.default(9100), version }).prefault({}),
  prometheus: z
    .strictObject({
      port: port.default(9090),
      version,
      intervalSeconds: z.number().int().min(1).max(3600).default(15),
      retentionDays: z.number().int().min(1).default(15),
      retentionMiB: z.number().int().min(64).default(2048),
    })
    .prefault({}),
});

type Settings = z.infer<typeof settingsSchema>;

/**
 * Charlie: a node exporter on every machine and Prometheus on those of a role, over TLS with certificates on both
 * sides. The exporters let only Prometheus's machines in; Prometheus's API listens on loopback.
 */
export class BasicMonitoring extends Stream {
  readonly #settings: Settings;
  readonly #authority: CertificateAuthority;

  constructor(name: string, args: BasicMonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("groundwork:index:BasicMonitoring", name, args, opts);
    this.#settings = checkedArgs(name, settingsSchema, args);
    this.#authority = args.authority;
    const { machines } = args;
    const monitors = monitorsOf(machines, this.#settings.role);

    for (const machine of machines) {
      const parts = [this.#exporter(machine, monitors)];
      if (monitors.includes(machine)) parts.push(this.#prometheus(machine, machines));
      this.host(machine, merged(parts));
    }

    for (const machine of machines) this.#checkExporter(machine, machines, monitors);
    for (const monitor of monitors) this.#checkPrometheus(monitor, machines);
    this.gate = this.closeGate();
    this.registerOutputs({});
  }

  #exporter(machine: Machine, monitors: Machine[]): HostSpec {
    const { nodeExporter } = this.#settings;
    const leaf = this.#leaf(machine, { name: nodeExporterCertificate, usage: "server" });
    return {
      items: [
        { kind: "directory", path: monitoringFolder },
        ...nodeExporterPackage(nodeExporter),
        leaf.item,
        ...monitors
          .filter((monitor) => monitor !== machine)
          .flatMap((monitor) => openingsFor(monitor, nodeExporter.port)),
        ...certificateDaysItems,
        ...nodeExporterService,
      ],
      tickets: leaf.tickets,
    };
  }

  #prometheus(machine: Machine, machines: Machine[]): HostSpec {
    const { prometheus, nodeExporter } = this.#settings;
    const server = this.#leaf(machine, {
      name: prometheusServerCertificate,
      usage: "server",
      names: ["DNS:localhost", "IP:127.0.0.1"],
    });
    const client = this.#leaf(machine, { name: prometheusClientCertificate, usage: "client" });
    const targets = machines.map(({ name, address }) =>
      pulumi.output(address).apply((known) => ({ name, address: known, port: nodeExporter.port })),
    );
    const configuration = pulumi
      .all(targets)
      .apply((known) => renderPrometheusConfiguration(prometheus.intervalSeconds, known));
    return {
      items: [
        ...prometheusPackage(prometheus),
        server.item,
        client.item,
        ...prometheusService(configuration),
      ],
      tickets: { ...server.tickets, ...client.tickets },
    };
  }

  #leaf(machine: Machine, leaf: Pick<Leaf, "name" | "usage" | "names">) {
    return leafCertificate(this.#authority, machine, {
      ...leaf,
      folder: monitoringFolder,
      owner: "prometheus",
    });
  }

  #checkExporter(machine: Machine, machines: Machine[], monitors: Machine[]): void {
    const { port } = this.#settings.nodeExporter;
    const checks = [
      unitActive("prometheus-node-exporter.service"),
      unitActive("groundwork-certificate-days.timer"),
      this.#certificateCheck(nodeExporterCertificate, "server"),
      strangerShutOut("the node exporter is out of a stranger's reach", port, false),
    ];
    for (const check of checks) this.check(machine, check);
    const undeclared = machines.find((other) => other !== machine && !monitors.includes(other));
    if (undeclared === undefined) return;
    const endpoint = pulumi.output(machine.address).apply((address) => ({ address, port }));
    const name = `the node exporter of ${machine.name} is closed to a machine that is no monitor`;
    this.check(undeclared, portClosed(name, endpoint, "echo"));
  }

  #checkPrometheus(monitor: Machine, machines: Machine[]): void {
    const { port, intervalSeconds } = this.#settings.prometheus;
    const checks = [
      unitActive("prometheus.service"),
      this.#certificateCheck(prometheusServerCertificate, "server"),
      this.#certificateCheck(prometheusClientCertificate, "client"),
      commandSucceeds("Prometheus listens on loopback only", script(listensOnLoopback, port)),
      commandSucceeds(
        "Prometheus refuses who has no client certificate",
        script(clientCertificateNeeded, `https://127.0.0.1:${port}/-/ready`),
        { within: 60 },
      ),
      ...machines.flatMap((machine) => [
        this.#answer(`${machine.name} is up by Prometheus's API`, upQuery(machine.name, intervalSeconds)),
        this.#answer(`${machine.name} tells the days left of its certificates`, daysQuery(machine.name)),
        this.#refusal(machine),
      ]),
    ];
    for (const check of checks) this.check(monitor, check);
  }

  #certificateCheck(certificate: string, usage: Leaf["usage"]): CheckInput {
    return certificateValid(`the certificate ${certificate} is valid`, {
      path: `${monitoringFolder}/${certificate}`,
      authority: authorityCertificateFile,
      usage,
    });
  }

  /** The first scrape takes up to an interval, and a moment more to be seen. */
  #answer(name: string, query: string): CheckInput {
    const { port, intervalSeconds } = this.#settings.prometheus;
    return commandSucceeds(name, script(prometheusAnswers, port, query), {
      within: 60 + 2 * intervalSeconds,
    });
  }

  #refusal(machine: Machine): CheckInput {
    const run = pulumi
      .output(machine.address)
      .apply((address) =>
        script(
          clientCertificateNeeded,
          `https://${hostOf(address)}:${this.#settings.nodeExporter.port}/metrics`,
        ),
      );
    return commandSucceeds(`a scrape of ${machine.name} without a client certificate is refused`, run, {
      within: 30,
    });
  }
}

/** Machines that carry the role, else the first one. */
function monitorsOf(machines: Machine[], role: string): Machine[] {
  const monitors = machines.filter((machine) => machine.roles.includes(role));
  return monitors.length > 0 ? monitors : machines.slice(0, 1);
}

const merged = (parts: HostSpec[]): HostSpec => ({
  items: parts.flatMap((part) => part.items),
  tickets: Object.assign({}, ...parts.map((part) => part.tickets ?? {})),
});

/** The monitor's own addresses and no others. */
function openingsFor(monitor: Machine, port: number): ItemInput[] {
  return [monitor.address, monitor.address6].flatMap((address) =>
    address === undefined
      ? []
      : [
          {
            kind: "allowedPort",
            protocol: "tcp",
            port,
            from: pulumi.output(address).apply((known) => `${known}/${isIPv6(known) ? 128 : 32}`),
          } satisfies ItemInput,
        ],
  );
}

/** PromQL: the last scrape succeeded and is not old. */
export const upQuery = (instance: string, intervalSeconds: number): string =>
  `up{job="node",instance="${instance}"} == 1 and time() - timestamp(up{job="node",instance="${instance}"}) < ${2 * intervalSeconds + 5}`;

const daysQuery = (instance: string): string =>
  `min(groundwork_certificate_days_left{job="node",instance="${instance}"}) > 0`;

const hostOf = (address: string): string => (isIPv6(address) ? `[${address}]` : address);

const listensOnLoopback = `
listeners=$(ss -Hltn "sport = :$1" | awk '{ print $4 }')
echo "port $1: \${listeners:-nobody}"
[ "$listeners" = "127.0.0.1:$1" ]`;
