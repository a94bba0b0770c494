import type { Connection, ItemInput } from "../../provider/index.ts";
import * as pulumi from "../../pulumi.ts";
import { architectureIs, commandSucceeds } from "../checks/index.ts";
import type { Machine } from "../machine.ts";
import type { HostSpec } from "../stream.ts";
import {
  authorityCertificateFile,
  type CertificateAuthority,
  certificatesFolder,
  leafCertificate,
} from "./certificates.ts";
import { debianFirewallIsOff, firewallItems, firewallService, openSources, ufwIsOff } from "./firewall.ts";
import { journaldDropIn, renderJournaldDropIn } from "./journald.ts";
import { loginIsAdmitted } from "./loginSources.ts";
import type { SecuritySettings } from "./securitySettings.ts";
import {
  refuseLockOut,
  renderSshdDropIn,
  sshdDropIn,
  sshdReadsDropIns,
  sshdValidation,
  sshPort,
} from "./sshd.ts";
import { settingsCanBeWritten, sysctlItems } from "./sysctls.ts";
import { systemIsKnown, systemNames } from "./systems.ts";
import { noOtherTimeService, timeSyncItems, timeSyncPackages } from "./timeSync.ts";
import { aptValidation, unattendedUpgrades, unattendedUpgradesFile } from "./unattendedUpgrades.ts";

/** Programs that this and later streams count on. */
const programs = ["ca-certificates", "curl", "iproute2", "iputils-ping", "nftables", "openssl"];

/** Side by side, because neighbours are installed in one run of apt. */
const packageItems = ({ timeSync }: SecuritySettings): ItemInput[] =>
  [...programs, "unattended-upgrades", ...timeSyncPackages(timeSync)].map((name) => ({
    kind: "package",
    name,
  }));

/** What a machine is like before it has certificates. */
export function baselineSpec(machine: Machine, settings: SecuritySettings): HostSpec {
  const { kernelSysctls, ssh, timeSync } = settings;
  const admitted = loginIsAdmitted(ssh.sources);
  return {
    guards: [
      commandSucceeds(`the system is ${systemNames}`, systemIsKnown),
      architectureIs(machine),
      commandSucceeds("sshd reads its drop-ins", sshdReadsDropIns),
      commandSucceeds("Debian's own firewall service is off", debianFirewallIsOff),
      commandSucceeds("Ubuntu's own firewall is off", ufwIsOff),
      ...(timeSync === "existing"
        ? []
        : [commandSucceeds("no other time service is installed", noOtherTimeService)]),
      settingsCanBeWritten(kernelSysctls),
      ...(admitted === undefined
        ? []
        : [commandSucceeds("ssh.sources holds where Groundwork logs in from", admitted)]),
    ],
    items: [
      ...packageItems(settings),
      { kind: "directory", path: "/etc/groundwork" },
      ...firewallItems(),
      // Right after the table that closes everything, so that the login stays open.
      ...sshOpenings(machine, settings),
      firewallService,
      ...sshdItems(machine, settings),
      ...sysctlItems(kernelSysctls),
      ...journaldItems(settings),
      ...unattendedUpgradesItems,
      ...timeSyncItems(timeSync),
    ],
  };
}

function sshOpenings({ connection }: Machine, { ssh }: SecuritySettings): ItemInput[] {
  const port = pulumi.output(connection).apply((known) => sshPort(known, ssh.port));
  return openSources(ssh.sources).map((from) => ({ kind: "allowedPort", protocol: "tcp", port, from }));
}

function sshdItems({ name, connection }: Machine, { ssh }: SecuritySettings): ItemInput[] {
  // What is known at once is refused at once; the rest when it is known.
  if (!isLater(connection)) refuseLockOut(name, connection as Connection, ssh);
  const content = pulumi.output(connection).apply((known) => {
    refuseLockOut(name, known, ssh);
    return renderSshdDropIn(ssh);
  });
  return [
    { kind: "file", path: sshdDropIn, content, validate: sshdValidation },
    // Ubuntu starts it by ssh.socket, which goes on to hold the port: only a drop-in with a port would concern that.
    { kind: "service", unit: "ssh.service", reloadOn: [`file:${sshdDropIn}`] },
  ];
}

const isLater = (input: unknown): boolean => pulumi.Output.isInstance(input) || input instanceof Promise;

const journaldItems = ({ journal }: SecuritySettings): ItemInput[] => [
  { kind: "file", path: journaldDropIn, content: renderJournaldDropIn(journal) },
  { kind: "service", unit: "systemd-journald.service", restartOn: [`file:${journaldDropIn}`] },
];

const unattendedUpgradesItems: ItemInput[] = [
  { kind: "file", path: unattendedUpgradesFile, content: unattendedUpgrades, validate: aptValidation },
  { kind: "service", unit: "apt-daily.timer" },
  { kind: "service", unit: "apt-daily-upgrade.timer" },
];

/** A machine's own certificate, and the one to check others by. */
export function certificatesSpec(machine: Machine, authority: CertificateAuthority): HostSpec {
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
