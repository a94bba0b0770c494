import { z } from "zod";
import { GroundworkError } from "../errors/index.ts";
import { parseSubnet } from "../lab/subnet.ts";
import { type ConfigurationProblem, problemsOf } from "./configurationProblem.ts";
import { crossCheck } from "./crossCheck.ts";

/** What a machine is for. `server` and `agent` are mutually exclusive. */
export type Role = "server" | "agent" | "monitoring";

/** A machine that is made on this computer; needs root on Linux. */
export interface LabMachineSettings {
  /** What it is for: `server` (control plane), `agent` (runs pods only), `monitoring` (Prometheus). */
  roles: Role[];
  /** IPv4 address inside `network.subnet`. Default: derived from the machine's name alone, so that no other machine can move it. */
  address?: string;
  /** Size of its disk in GiB; the image takes only what is written. Default 20. */
  diskGiB: number;
  /** Debian release. Default `bookworm`. */
  release: "bookworm" | "trixie";
}

/** How to reach a host through which a machine is reached (ProxyJump). */
export interface BastionSettings {
  /** IPv4, IPv6 or DNS name. */
  address: string;
  /** TCP port of its sshd. Default 22. */
  port: number;
  /** Login user. Default `root`. */
  user: string;
  /** Private key on this computer, absolute or starting with `~/`. Default: OpenSSH's agent and own keys. */
  privateKeyFile?: string;
  /** Pinned public host key, `ssh-ed25519 AAAA…`. Required; `./groundwork trust MACHINE` shows and writes it. */
  hostKey?: string;
}

/** A machine that is there already: any host with sshd. */
export interface ExistingMachineSettings extends BastionSettings {
  /** What it is for: `server` (control plane), `agent` (runs pods only), `monitoring` (Prometheus). */
  roles: Role[];
  /** Processor architecture. Default `amd64`. */
  architecture: "amd64" | "arm64";
  /** IPv4 address by which the machines reach each other. Default: `address`; required where that is no IPv4 address. */
  internalAddress?: string;
  /** IPv6 address by which the machines reach each other. Default: none. */
  internalAddress6?: string;
  /** Host through which the machine is reached. Default: none. */
  bastion?: BastionSettings;
}

/** One machine: either made here or already there. */
export type MachineSettings = { lab: LabMachineSettings } | { existing: ExistingMachineSettings };

/** Address ranges; none may overlap another. */
export interface NetworkSettings {
  /** IPv4 range of the lab's bridge, CIDR. Default `10.77.0.0/24`. */
  subnet: string;
  /** IPv6 range of the lab's bridge, CIDR. Default `fd77::/64`. */
  subnet6: string;
  /** IPv4 range of pods, CIDR; every machine gets a /24 of it. Default `10.244.0.0/16`. */
  podSubnet: string;
  /** IPv4 range of Kubernetes Services, CIDR. Default `10.96.0.0/16`. */
  serviceSubnet: string;
  /**
   * Networks in CIDR form from which the machines come, IPv4 or IPv6. Default: the lab's, and every existing machine's
   * own address; giving it keeps the others as they are when a machine comes or goes.
   */
  machineNetworks?: string[];
  /** TCP port of the lab's artifact server on its bridge, 1024 to 65535. Default 8077. */
  artifactPort: number;
}

/** What every stream can be told. */
export interface StreamSettings {
  /** Whether the stream is part of the stack. Default true. */
  enabled: boolean;
  /** Reasons by check name, for checks that cannot pass here; they stand in every summary. Default none. */
  waivers: Record<string, string>;
}

/** Who may log in, from where, and how. */
export interface SshSettings {
  /** Networks in CIDR form that may log in over SSH. Default everywhere: `0.0.0.0/0` and `::/0`. */
  sources: string[];
  /** TCP port on which sshd listens. Default: each machine's own port. */
  port?: number;
  /** Whether root may log in with a key. Default `prohibit-password`: with a key and nothing else. */
  rootLogin: "prohibit-password" | "no";
  /** Users who may log in; every machine's own user must be among them. Default: all who have a key. */
  allowUsers: string[];
  /** Attempts per connection, 1 to 10. Default 3. */
  maxAuthTries: number;
}

/** How much the journal of a machine may keep. */
export interface JournalSettings {
  /** Most disk space in MiB, at least 16. Default 2048. */
  maxUseMiB: number;
  /** Lines that one service may log in 30 seconds. Default 10000. */
  burst: number;
}

/** Alpha: sshd, firewall, certificates, kernel settings, updates, time, journal. */
export interface AlphaSettings extends StreamSettings {
  /** Who may log in, from where, and how. */
  ssh: SshSettings;
  /** How much the journal may keep. */
  journal: JournalSettings;
  /** Who keeps the clock; `existing` leaves the time service that is there. Default `systemd-timesyncd`. */
  timeSync: "systemd-timesyncd" | "existing";
  /** Set kernel settings outside `net.*`; a container cannot, its host has to. Default true. */
  kernelSysctls: boolean;
}

/** Charlie: metrics of every machine, gathered by one. */
export interface CharlieSettings extends StreamSettings {
  /** Seconds between two readings of a machine's metrics, 1 to 3600. Default 15. */
  intervalSeconds: number;
  /** Days that metrics are kept. Default 15. */
  retentionDays: number;
  /** Most disk space of metrics in MiB, at least 64. Default 2048. */
  retentionMiB: number;
}

/** Delta: a Kubernetes cluster. */
export interface DeltaSettings extends StreamSettings {
  /** Networks in CIDR form that may use the API besides machines and pods. Default none. */
  apiSources: string[];
  /** Names and addresses besides the server's own that the API's certificate holds. Default none. */
  certificateNames: string[];
  /** Domain of the cluster's own names. Default `cluster.local`. */
  dnsDomain: string;
  /** Whether ordinary pods may run on servers; takes effect when a server first registers. Default false. */
  runWorkloads: boolean;
  /** Whether machines may have swap. Default false; lab machines have the swap of this computer. */
  allowSwap: boolean;
  /** Whether machines may have the memory controller of cgroup v1. Default false; lab machines have this computer's. */
  allowCgroupV1: boolean;
}

/** All streams by their team's name. */
export interface StreamsSettings {
  /** Security baseline. Everything else stands on it. */
  alpha: AlphaSettings;
  /** Container runtime. Needs alpha. */
  bravo: StreamSettings;
  /** Monitoring. Needs alpha. */
  charlie: CharlieSettings;
  /** Kubernetes. Needs alpha and bravo. */
  delta: DeltaSettings;
}

/** The whole configuration of a stack, defaults filled in. */
export interface Configuration {
  /** Machines by name; the host name and the Kubernetes node carry it. At least one. */
  machines: Record<string, MachineSettings>;
  /** Address ranges. */
  network: NetworkSettings;
  /** What runs on the machines. */
  streams: StreamsSettings;
}

export type StreamName = keyof StreamsSettings;

const subnet = (family: 4 | 6) => {
  const example = family === 4 ? "10.77.0.0/24" : "fd77::/64";
  return z.string().refine((text) => parseSubnet(text)?.family === family, {
    error: `must be an IPv${family} network in CIDR form such as ${example}`,
  });
};
const anySubnet = z.string().refine((text) => parseSubnet(text) !== undefined, {
  error: "must be an IPv4 or IPv6 network in CIDR form such as 192.0.2.0/24 or 2001:db8::/32",
});

const hostKey = z.string().regex(/^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*$/, {
  error: "must be a public host key such as `ssh-ed25519 AAAA…`, without host name and comment",
});
const privateKeyFile = z.string().regex(/^(\/|~\/)./, { error: "must be an absolute path or start with ~/" });
const roles = z.array(z.enum(["server", "agent", "monitoring"])).min(1);

const port = z.number().int().min(1).max(65535);
const userName = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: "must be a user name of the machine" });

const login = {
  address: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]*$|^::/, { error: "must be an IP address or a DNS name" }),
  port: port.default(22),
  user: userName.default("root"),
  privateKeyFile: privateKeyFile.optional(),
  hostKey: hostKey.optional(),
};

const labMachine: z.ZodType<LabMachineSettings> = z
  .strictObject({
    roles,
    address: z.ipv4().optional(),
    diskGiB: z.number().min(4).max(1024).default(20),
    release: z.enum(["bookworm", "trixie"]).default("bookworm"),
  })
  .meta({ id: "LabMachineSettings" });

const bastion: z.ZodType<BastionSettings> = z.strictObject(login).meta({ id: "BastionSettings" });

const existingMachine: z.ZodType<ExistingMachineSettings> = z
  .strictObject({
    ...login,
    roles,
    architecture: z.enum(["amd64", "arm64"]).default("amd64"),
    internalAddress: z.ipv4().optional(),
    internalAddress6: z.ipv6().optional(),
    bastion: bastion.optional(),
  })
  .meta({ id: "ExistingMachineSettings" });

/** Two optional fields instead of a union, so that a mistake inside one is named exactly. */
const machine = z
  .strictObject({ lab: labMachine.optional(), existing: existingMachine.optional() })
  .refine((entry) => (entry.lab === undefined) !== (entry.existing === undefined), {
    error: "must hold exactly one of `lab` and `existing`",
  }) as unknown as z.ZodType<MachineSettings>;

export const machineName = /^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$/;

const machines = z
  .record(
    z.string().regex(machineName, {
      error:
        "must be a name of at most 31 lower-case letters, digits and inner dashes that starts with a letter",
    }),
    machine,
  )
  .refine((all) => Object.keys(all).length > 0, { error: "must hold at least one machine" });

const network: z.ZodType<NetworkSettings> = z
  .strictObject({
    subnet: subnet(4).default("10.77.0.0/24"),
    subnet6: subnet(6).default("fd77::/64"),
    podSubnet: subnet(4).default("10.244.0.0/16"),
    serviceSubnet: subnet(4).default("10.96.0.0/16"),
    machineNetworks: z.array(anySubnet).min(1).optional(),
    artifactPort: z.number().int().min(1024).max(65535).default(8077),
  })
  .meta({ id: "NetworkSettings" });

const stream = {
  enabled: z.boolean().default(true),
  waivers: z.record(z.string(), z.string().min(1, { error: "must be a reason" })).default({}),
};
const plainStream: z.ZodType<StreamSettings> = z.strictObject(stream).meta({ id: "StreamSettings" });
/** An absent section is an empty one: its own defaults fill it. */
const section = <T>(schema: z.ZodType<T>): z.ZodType<T> => schema.prefault({} as never);

const ssh: z.ZodType<SshSettings> = z
  .strictObject({
    sources: z.array(anySubnet).min(1).default(["0.0.0.0/0", "::/0"]),
    port: port.optional(),
    rootLogin: z.enum(["prohibit-password", "no"]).default("prohibit-password"),
    allowUsers: z.array(userName).default([]),
    maxAuthTries: z.number().int().min(1).max(10).default(3),
  })
  .meta({ id: "SshSettings" });

const journal: z.ZodType<JournalSettings> = z
  .strictObject({
    maxUseMiB: z.number().int().min(16).default(2048),
    burst: z.number().int().min(1).default(10_000),
  })
  .meta({ id: "JournalSettings" });

const alpha: z.ZodType<AlphaSettings> = z
  .strictObject({
    ...stream,
    ssh: section(ssh),
    journal: section(journal),
    timeSync: z.enum(["systemd-timesyncd", "existing"]).default("systemd-timesyncd"),
    kernelSysctls: z.boolean().default(true),
  })
  .meta({ id: "AlphaSettings" });

const charlie: z.ZodType<CharlieSettings> = z
  .strictObject({
    ...stream,
    intervalSeconds: z.number().int().min(1).max(3600).default(15),
    retentionDays: z.number().int().min(1).default(15),
    retentionMiB: z.number().int().min(64).default(2048),
  })
  .meta({ id: "CharlieSettings" });

const delta: z.ZodType<DeltaSettings> = z
  .strictObject({
    ...stream,
    apiSources: z.array(anySubnet).default([]),
    certificateNames: z.array(z.string().min(1)).default([]),
    dnsDomain: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, { error: "must be a DNS domain" })
      .default("cluster.local"),
    runWorkloads: z.boolean().default(false),
    allowSwap: z.boolean().default(false),
    allowCgroupV1: z.boolean().default(false),
  })
  .meta({ id: "DeltaSettings" });

const streams: z.ZodType<StreamsSettings> = z
  .strictObject({
    alpha: section(alpha),
    bravo: section(plainStream),
    charlie: section(charlie),
    delta: section(delta),
  })
  .meta({ id: "StreamsSettings" });

/** Checks a configuration's shape; {@link parseConfiguration} checks its meaning as well. */
export const configurationSchema: z.ZodType<Configuration> = z
  .strictObject({ machines, network: section(network), streams: section(streams) })
  .meta({ id: "Configuration" });

/**
 * A configuration and everything that is wrong with it: the shape first, and where that is right the meaning
 * (addresses, roles, networks, host keys). `stack` stands in advice only.
 */
export function examineConfiguration(
  input: unknown,
  stack = "dev",
): {
  configuration?: Configuration;
  problems: ConfigurationProblem[];
} {
  const shape = configurationSchema.safeParse(input, { reportInput: true });
  if (!shape.success) return { problems: problemsOf(shape.error, configurationSchema) };
  return { configuration: shape.data, problems: crossCheck(shape.data, stack) };
}

/** The configuration, or one error that names every problem. Errors: GW101, GW203. */
export function parseConfiguration(input: unknown, stack = "dev"): Configuration {
  const { configuration, problems } = examineConfiguration(input, stack);
  if (configuration === undefined || problems.length > 0) throw configurationError(problems);
  return configuration;
}

/** One error for all problems: a single one speaks for itself, several are listed. */
export function configurationError(problems: ConfigurationProblem[]): GroundworkError {
  const [first, ...others] = problems;
  if (first === undefined) return new GroundworkError("GW101", { what: "it is empty" });
  if (others.length === 0) {
    return new GroundworkError(first.code, { where: first.path, what: first.what, mend: first.mend });
  }
  const lines = problems.map(
    ({ path, what, mend }) => `\n  - ${path}: ${what}${mend === undefined ? "" : `. ${mend}`}`,
  );
  const code = problems.every((problem) => problem.code === first.code) ? first.code : "GW101";
  return new GroundworkError(code, {
    what: `${problems.length} problems${lines.join("")}\n`,
    mend: "Correct each property that is named",
  });
}
