import type { CheckInput } from "../../provider/index.ts";
import * as pulumi from "../../pulumi.ts";
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
import { authorityCertificateFile, authorityIsSound, certificatesFolder } from "./certificates.ts";
import { admits, firewallDrops } from "./firewall.ts";
import { journalLimitIsEffective } from "./journald.ts";
import type { SecuritySettings } from "./securitySettings.ts";
import { effectiveSshd, sshPort } from "./sshd.ts";
import { clockIsSynchronised } from "./timeSync.ts";
import { aptIsEffective, effectiveApt } from "./unattendedUpgrades.ts";

/** What a machine finds out about itself. */
export function insideChecks({ connection }: Machine, settings: SecuritySettings): CheckInput[] {
  const { ssh, journal, undeclaredPort } = settings;
  const user = pulumi.output(connection).apply((known) => known.user ?? "root");
  return [
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
}

/** What the machine of the authority finds out beside that: a year must be left, so that no leaf outlives it. */
export const authorityCheck: CheckInput = commandSucceeds(
  "the certificate authority is sound",
  script(authorityIsSound, 365),
);

/**
 * What other machines see of `target`; each check names the machine it is made from. Where there is no other, the
 * login is tried over loopback, and {@link strangerShutOut} alone stands for the network.
 */
export function outsideChecks(
  target: Machine,
  machines: Machine[],
  settings: SecuritySettings,
): CheckInput[] {
  const other = neighbour(target, machines);
  if (other === undefined) return [passwordCheck(target, undefined, settings)];
  const { address: from4, address6: from6 } = other;
  const { address: to4, address6: to6 } = target;
  return [
    passwordCheck(target, other, settings),
    undeclaredPortCheck("IPv4", other, from4, target, to4, settings),
    ...(from6 === undefined || to6 === undefined
      ? []
      : [undeclaredPortCheck("IPv6", other, from6, target, to6, settings)]),
  ];
}

/** The next machine in order, so that every machine tries one other. */
function neighbour(target: Machine, machines: Machine[]): Machine | undefined {
  const next = machines[(machines.indexOf(target) + 1) % machines.length];
  return next === target ? undefined : next;
}

/** Made over loopback, too, where the other machine may not connect at all. */
function passwordCheck(target: Machine, other: Machine | undefined, { ssh }: SecuritySettings): CheckInput {
  const plan = pulumi
    .all([target.connection, target.address, other?.connection, other?.address])
    .apply(([own, address, others, from]) => {
      const remote = others !== undefined && from !== undefined && admits(ssh.sources, from);
      const endpoint = {
        address: remote ? address : "127.0.0.1",
        port: sshPort(own, ssh.port),
        user: own.user ?? "root",
        hostKey: own.hostKey,
      };
      return { on: remote ? others : own, endpoint };
    });
  const name = `a password login to ${target.name} is refused`;
  return { ...sshRefusesPassword(name, plan.endpoint), on: plan.on };
}

/** SSH answering from the same machine is the sign of life; where it may not answer, the echo is. */
function undeclaredPortCheck(
  family: string,
  other: Machine,
  from: pulumi.Input<string>,
  target: Machine,
  to: pulumi.Input<string>,
  { ssh, undeclaredPort }: SecuritySettings,
): CheckInput {
  const endpoint = pulumi.output(to).apply((address) => ({ address, port: undeclaredPort }));
  const sign = pulumi
    .all([from, target.connection])
    .apply(
      ([address, connection]): SignOfLife =>
        admits(ssh.sources, address) ? sshPort(connection, ssh.port) : "echo",
    );
  const name = `an undeclared port of ${target.name} is closed over ${family}`;
  return { ...portClosed(name, endpoint, sign), on: other.connection };
}
