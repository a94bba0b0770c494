import { createHash } from "node:crypto";
import type { Connection } from "../connection.ts";

/** A host of the generated configuration: the connection under an alias of its own. */
export interface SshHost {
  alias: string;
  connection: Connection;
  /** Alias of the bastion, when there is one. */
  bastion?: string;
}

/** A machine and the bastions on the way to it, the first one of them first. */
export function hostsOnTheWay(connection: Connection): SshHost[] {
  const { bastion } = connection;
  const before = bastion === undefined ? [] : hostsOnTheWay(bastion);
  return [...before, { alias: aliasOf(connection), connection, bastion: before.at(-1)?.alias }];
}

/**
 * One name for one way to one machine under one pin; it also stands in the generated known_hosts file. A machine
 * that was made anew has another pin, and so another name, while the old one may still be asked.
 */
export function aliasOf(connection: Connection): string {
  return `${connection.name}-${digestOf(connection)}`;
}

function digestOf(connection: Connection): string {
  const { name, address, port, user, privateKeyFile, hostKey, bastion } = connection;
  const way = bastion === undefined ? "" : digestOf(bastion);
  const fields = [name, address, port ?? 22, user ?? "root", privateKeyFile ?? "", hostKey, way];
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex").slice(0, 12);
}

/** The control socket of a host: a short path, which the system limits to about 100 bytes. */
export function socketPath(folder: string, connection: Connection): string {
  return `${folder}/${digestOf(connection)}`;
}

/** One line per host, known_hosts(5): the pin is looked up by alias, so an address that moves keeps it. */
export function renderKnownHosts(hosts: SshHost[]): string {
  return hosts.map((host) => `${host.alias} ${host.connection.hostKey}\n`).join("");
}

/**
 * ssh_config(5) for one machine: pinned keys only, no key updates, no remote command, terminal or forwarding.
 * The first value wins, so the user's own file, included last, can only add (a proxy command, a jump host of a bastion).
 */
export function renderSshConfig(
  hosts: SshHost[],
  files: { knownHosts: string; sockets: string; userConfig?: string },
): string {
  const blocks = hosts.map((host) => {
    const { connection } = host;
    return [
      `Host ${host.alias}`,
      `  HostName ${percentless(connection.address)}`,
      `  Port ${connection.port ?? 22}`,
      `  User ${connection.user ?? "root"}`,
      `  HostKeyAlias ${host.alias}`,
      ...(connection.privateKeyFile === undefined
        ? []
        : [`  IdentityFile "${percentless(connection.privateKeyFile)}"`, "  IdentitiesOnly yes"]),
      ...(host.bastion === undefined ? [] : [`  ProxyJump ${host.bastion}`]),
      `  ControlPath ${socketPath(files.sockets, connection)}`,
      `  UserKnownHostsFile ${files.knownHosts}`,
      ...common,
    ].join("\n");
  });
  const include = files.userConfig === undefined ? [] : [`Host *\n  Include "${files.userConfig}"`];
  return `${[...blocks, ...include].join("\n\n")}\n`;
}

/** A percent sign as ssh_config(5) writes it where it expands tokens. */
const percentless = (text: string): string => text.replaceAll("%", "%%");

const common = [
  // The first is not known to clients before OpenSSH 8.5, the second stands in many users' files.
  "IgnoreUnknown KnownHostsCommand,UseKeychain",
  "GlobalKnownHostsFile /dev/null",
  "KnownHostsCommand none",
  "NoHostAuthenticationForLocalhost no",
  "StrictHostKeyChecking yes",
  "UpdateHostKeys no",
  "VerifyHostKeyDNS no",
  "CheckHostIP no",
  "BatchMode yes",
  "RemoteCommand none",
  "RequestTTY no",
  "PermitLocalCommand no",
  "ForwardAgent no",
  "ForwardX11 no",
  "ClearAllForwardings yes",
  // A user's own sharing must not keep a bastion's connection alive; the command line says where ours is shared.
  "ControlMaster no",
  "ControlPersist no",
  "ConnectTimeout 10",
  "ServerAliveInterval 5",
  "ServerAliveCountMax 4",
  "LogLevel ERROR",
].map((line) => `  ${line}`);
