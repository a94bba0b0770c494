import { BlockList, isIPv6 } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { GroundworkError } from "../../errors/index.ts";
import type { Connection, HostState, ItemInput } from "../../provider/index.ts";
import { checkedArgs } from "../checkedArgs.ts";
import {
  certificateValid,
  commandSucceeds,
  portClosed,
  type SignOfLife,
  script,
  sshdEffective,
  sshRefusesPassword,
  strangerShutOut,
} from "../checks/index.ts";
import type { Machine } from "../machine.ts";
import { type HostSpec, Stream, type StreamArgs } from "../stream.ts";
import {
  type AuthorityBackup,
  authorityCertificateFile,
  authorityFacts,
  authorityIsSound,
  authorityItem,
  type CertificateAuthority,
  certificatesFolder,
  leafCertificate,
} from "./certificates.ts";
import {
  debianFirewallIsOff,
  firewallDrops,
  firewallItems,
  firewallService,
  openSources,
} from "./firewall.ts";
import { journaldDropIn, journalLimitIsEffective, renderJournaldDropIn } from "./journald.ts";
import { effectiveSshd, renderSshdDropIn, sshdDropIn, sshdReadsDropIns, sshdValidation } from "./sshd.ts";
import { sysctlItems } from "./sysctls.ts";
import { clockIsSynchronised, noOtherTimeService, type TimeSync, timeSyncItems } from "./timeSync.ts";
import {
  aptIsEffective,
  aptValidation,
  effectiveApt,
  unattendedUpgrades,
  unattendedUpgradesFile,
} from "./unattendedUpgrades.ts";

/** Who may log in, from where, and how. */
export interface SshArgs {
  /** Networks in CIDR form that may connect. Default everywhere: `0.0.0.0/0` and `::/0`. */
  sources?: string[];
  /** TCP port on which sshd listens, 1 to 65535. Default: each machine's connection port. */
  port?: number;
  /** Whether root may log in with a key. Default `prohibit-password`: with a key and nothing else. */
  rootLogin?: "prohibit-password" | "no";
  /** Users who may log in; the connection's own user must be among them. Default: all who have a key. */
  allowUsers?: string[];
  /** Attempts per connection, 1 to 10. Default 3. */
  maxAuthTries?: number;
}

/** How much the journal may keep. */
export interface JournalArgs {
  /** Most disk space in MiB, at least 16. Default 2048. */
  maxUseMiB?: number;
  /** Lines that one service may log in 30 seconds, at least 1. Default 10000. */
  burst?: number;
}

export interface SecurityBaselineArgs extends StreamArgs {
  /** The machines to secure, at least one, with unique names. */
  machines: Machine[];
  /** Name of the machine that holds the certificate authority. Default: the first one. */
  authorityMachine?: string;
  /** An authority to go on with, from {@link SecurityBaseline.authorityBackup}. Default: a new one is made. */
  authorityBackup?: AuthorityBackup;
  /** SSH. Default: keys only, from everywhere. */
  ssh?: SshArgs;
  /** Limits of the journal. */
  journal?: JournalArgs;
  /** Set kernel settings outside `net.*`; a container cannot, its host has to. Default true. */
  kernelSysctls?: boolean;
  /** Who keeps the clock. Default `systemd-timesyncd`; `existing` leaves the time service that is there. */
  timeSync?: TimeSync;
  /** TCP port that no stream declares, on which the firewall is tried, 1024 to 65535. Default 47113. */
  undeclaredPort?: number;
}

const settingsSchema = z.object({
  machines: z
    .array(z.object({ name: z.string() }).loose())
    .min(1, { error: "must hold at least one machine" })
    .refine((machines) => new Set(machines.map(({ name }) => name)).size === machines.length, {
      error: "must not hold a name twice",
    }),
  authorityMachine: z.string().optional(),
  ssh: z
    .strictObject({
      sources: z
        .array(
          z.union([z.cidrv4(), z.cidrv6()], {
            error: "must be a network in CIDR form such as `192.0.2.0/24`",
          }),
        )
        .min(1, { error: "must hold at least one network, or nobody could log in" })
        .default(["0.0.0.0/0", "::/0"]),
      port: z.number().int().min(1).max(65535).optional(),
      rootLogin: z.enum(["prohibit-password", "no"]).default("prohibit-password"),
      allowUsers: z
        .array(z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: "must be the name of a user" }))
        .default([]),
      maxAuthTries: z.number().int().min(1).max(10).default(3),
    })
    .prefault({}),
  journal: z
    .strictObject({
      maxUseMiB: z.number().int().min(16).default(2048),
      burst: z.number().int().min(1).default(10_000),
    })
    .prefault({}),
  kernelSysctls: z.boolean().default(true),
  timeSync: z.enum(["systemd-timesyncd", "existing"]).default("systemd-timesyncd"),
  undeclaredPort: z.number().int().min(1024).max(65535).default(47_113),
});

type Settings = z.infer<typeof settingsSchema>;

/** Programs that this and later streams count on. */
const packages = ["ca-certificates", "curl", "iproute2", "iputils-ping", "nftables", "openssl"];

/**
 * Alpha: who may log in, what may be reached, whom to trust. sshd, the firewall, a certificate authority with a
 * certificate for every machine, kernel settings, security updates, the clock and the journal.
 */
export class SecurityBaseline extends Stream {
  /** What other streams need to have certificates made; resolves behind the Gate. */
  readonly authority: CertificateAuthority;
  /** The authority's certificate and key, for a time when its machine is lost; the key is a secret. */
  readonly authorityBackup: { certificate: pulumi.Output<string>; key: pulumi.Output<string> };
  readonly #settings: Settings;

  constructor(name: string, args: SecurityBaselineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("groundwork:index:SecurityBaseline", name, args, opts);
    this.#settings = checkedArgs(name, settingsSchema, args);
    const { machines } = args;
    const keeper = authorityMachine(name, args);

    const hosts = machines.map((machine) =>
      this.host(machine, this.#baseline(machine, machine === keeper, args)),
    );
    const keeperHost = hosts[machines.indexOf(keeper)] as HostState;
    const issuing = {
      certificate: keeperHost.fact("authorityCertificate"),
      issuer: pulumi.output(keeper.connection),
    };
    machines.forEach((machine, index) => {
      const before = new Set([keeperHost, hosts[index] as HostState]);
      this.host(machine, certificatesSpec(machine, issuing), "certificates", [...before]);
    });

    for (const machine of machines) this.#checkFromInside(machine);
    for (const machine of machines) this.#checkFromOutside(machine, machines);
    this.check(keeper, commandSucceeds("the certificate authority is sound", script(authorityIsSound, 365)));
    this.gate = this.closeGate();

    this.authority = {
      certificate: this.behindGate(issuing.certificate),
      issuer: this.behindGate(issuing.issuer),
    };
    this.authorityBackup = {
      certificate: this.authority.certificate,
      key: this.behindGate(keeperHost.secretFact("authorityKey")),
    };
    this.registerOutputs({ authorityCertificate: this.authority.certificate });
  }

  #baseline(machine: Machine, keepsAuthority: boolean, args: SecurityBaselineArgs): HostSpec {
    const { ssh, journal, kernelSysctls, timeSync } = this.#settings;
    return {
      guards: [
        commandSucceeds(
          "the system is Debian",
          '. /etc/os-release && echo "$PRETTY_NAME" && [ "$ID" = debian ]',
        ),
        commandSucceeds("sshd reads its drop-ins", sshdReadsDropIns),
        commandSucceeds("Debian's own firewall service is off", debianFirewallIsOff),
        ...(timeSync === "existing"
          ? []
          : [commandSucceeds("no other time service is installed", noOtherTimeService)]),
      ],
      items: [
        ...packages.map((name): ItemInput => ({ kind: "package", name })),
        { kind: "directory", path: "/etc/groundwork" },
        ...firewallItems(),
        ...this.#sshOpenings(machine),
        firewallService,
        {
          kind: "file",
          path: sshdDropIn,
          content: pulumi.output(machine.connection).apply((connection) => {
            refuseLockOut(machine.name, connection, ssh);
            return renderSshdDropIn(ssh);
          }),
          validate: sshdValidation,
        },
        { kind: "service", unit: "ssh.service", reloadOn: [`file:${sshdDropIn}`] },
        ...sysctlItems(kernelSysctls),
        { kind: "file", path: journaldDropIn, content: renderJournaldDropIn(journal) },
        { kind: "service", unit: "systemd-journald.service", restartOn: [`file:${journaldDropIn}`] },
        { kind: "package", name: "unattended-upgrades" },
        { kind: "file", path: unattendedUpgradesFile, content: unattendedUpgrades, validate: aptValidation },
        { kind: "service", unit: "apt-daily.timer" },
        { kind: "service", unit: "apt-daily-upgrade.timer" },
        ...timeSyncItems(timeSync),
        ...(keepsAuthority ? [authorityItem(args.authorityBackup)] : []),
      ],
      facts: keepsAuthority ? authorityFacts : {},
    };
  }

  /** The login stays open: these openings come right after the table that closes everything. */
  #sshOpenings(machine: Machine): ItemInput[] {
    const port = this.#sshPort(machine);
    return openSources(this.#settings.ssh.sources).map((from) => ({
      kind: "allowedPort",
      protocol: "tcp",
      port,
      from,
    }));
  }

  #sshPort(machine: Machine): pulumi.Output<number> {
    return pulumi.output(machine.connection).apply((connection) => this.#portOf(connection));
  }

  #portOf(connection: Connection): number {
    return this.#settings.ssh.port ?? connection.port ?? 22;
  }

  #checkFromInside(machine: Machine): void {
    const { ssh, journal, undeclaredPort } = this.#settings;
    const user = pulumi.output(machine.connection).apply((connection) => connection.user ?? "root");
    const checks = [
      sshdEffective("the settings of sshd are effective", user, effectiveSshd(ssh)),
      commandSucceeds("the firewall is loaded and drops by default", firewallDrops),
      strangerShutOut("a listener on an undeclared port is out of a stranger's reach", undeclaredPort, true),
      certificateValid("the machine's certificate is valid", {
        path: `${certificatesFolder}/machine`,
        authority: authorityCertificateFile,
        usage: "server",
      }),
      commandSucceeds("the journal's limit is effective", script(journalLimitIsEffective, journal.maxUseMiB)),
      commandSucceeds("security updates install themselves", script(aptIsEffective, ...effectiveApt)),
      commandSucceeds("the clock is synchronised", clockIsSynchronised, { within: 60 }),
    ];
    for (const check of checks) this.check(machine, check);
  }

  /**
   * What another machine sees. Where there is only one, it plays the other itself: it logs in over loopback, and the
   * stranger of {@link strangerShutOut} stands for the network.
   */
  #checkFromOutside(target: Machine, machines: Machine[]): void {
    const other = neighbour(target, machines);
    this.#checkPassword(target, other);
    if (other === undefined) return;
    this.#checkUndeclaredPort("IPv4", other, target, other.address, target.address);
    if (other.address6 === undefined || target.address6 === undefined) return;
    this.#checkUndeclaredPort("IPv6", other, target, other.address6, target.address6);
  }

  /** Made over loopback where the other machine may not connect at all. */
  #checkPassword(target: Machine, other: Machine | undefined): void {
    const known = pulumi.all([target.connection, target.address, other?.connection, other?.address]);
    const admitted = known.apply(([, , , from]) => from !== undefined && this.#admits(from));
    const endpoint = pulumi.all([known, admitted]).apply(([[connection, address], remote]) => ({
      address: remote ? address : "127.0.0.1",
      port: this.#portOf(connection),
      user: connection.user ?? "root",
      hostKey: connection.hostKey,
    }));
    const on = pulumi.all([known, admitted]).apply(([[own, , others], remote]) => (remote && others) || own);
    this.check(target, {
      ...sshRefusesPassword(`a password login to ${target.name} is refused`, endpoint),
      on,
    });
  }

  #checkUndeclaredPort(
    family: string,
    from: Machine,
    target: Machine,
    source: pulumi.Input<string>,
    address: pulumi.Input<string>,
  ): void {
    const endpoint = pulumi
      .output(address)
      .apply((known) => ({ address: known, port: this.#settings.undeclaredPort }));
    const sign = pulumi
      .all([source, this.#sshPort(target)])
      .apply(([known, port]): SignOfLife => (this.#admits(known) ? port : "echo"));
    this.check(
      from,
      portClosed(`an undeclared port of ${target.name} is closed over ${family}`, endpoint, sign),
    );
  }

  /** Whether SSH lets this source address in. */
  #admits(address: string): boolean {
    const list = new BlockList();
    for (const network of this.#settings.ssh.sources) {
      const [base = "", length] = network.split("/");
      list.addSubnet(base, Number(length), familyOf(base));
    }
    return list.check(address, familyOf(address));
  }
}

const familyOf = (address: string): "ipv4" | "ipv6" => (isIPv6(address) ? "ipv6" : "ipv4");

/** The next machine in order, so that every machine tries one other. */
function neighbour(target: Machine, machines: Machine[]): Machine | undefined {
  const next = machines[(machines.indexOf(target) + 1) % machines.length];
  return next === target ? undefined : next;
}

function authorityMachine(name: string, args: SecurityBaselineArgs): Machine {
  const wanted = args.authorityMachine;
  const found =
    wanted === undefined ? args.machines[0] : args.machines.find((machine) => machine.name === wanted);
  if (found !== undefined) return found;
  throw new GroundworkError("GW101", {
    what: `no machine is named ${wanted}; there are ${args.machines.map((machine) => machine.name).join(", ")}`,
    where: `${name}.authorityMachine`,
  });
}

/** A login that the new settings would refuse is refused here, before any machine is touched. */
function refuseLockOut(name: string, connection: Connection, ssh: Settings["ssh"]): void {
  const user = connection.user ?? "root";
  const reason =
    user === "root" && ssh.rootLogin === "no"
      ? "ssh.rootLogin is no"
      : ssh.allowUsers.length > 0 && !ssh.allowUsers.includes(user)
        ? `ssh.allowUsers holds only ${ssh.allowUsers.join(", ")}`
        : undefined;
  if (reason === undefined) return;
  throw new GroundworkError("GW101", {
    what: `Groundwork logs in as ${user}, and ${reason}: it would lock itself out`,
    where: `machine ${name}`,
  });
}

/** A machine's own certificate, and the one to check others by. */
function certificatesSpec(machine: Machine, authority: CertificateAuthority): HostSpec {
  const leaf = leafCertificate(authority, machine, {
    folder: certificatesFolder,
    name: "machine",
    usage: "server",
  });
  return {
    items: [
      { kind: "directory", path: certificatesFolder },
      {
        kind: "file",
        path: authorityCertificateFile,
        content: authority.certificate.apply((pem) => `${pem.trim()}\n`),
      },
      leaf.item,
    ],
    tickets: leaf.tickets,
  };
}
