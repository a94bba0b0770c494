import type { Connection } from "../connection.ts";

/** A host of the generated configuration: the connection under an alias of its own. */
export interface SshHost {
  alias: string;
  connection: Connection;
  /** Alias of the bastion, when there is one. */
  bastion?: string;
}

/** Every machine and bastion once, bastions too, in a stable order. */
export function sshHosts(connections: Connection[]): SshHost[] {
  const hosts = new Map<string, SshHost>();
  const add = (connection: Connection): string => {
    const alias = aliasOf(connection);
    if (!hosts.has(alias)) {
      const bastion = connection.bastion === undefined ? undefined : add(connection.bastion);
      hosts.set(alias, { alias, connection, bastion });
    }
    return alias;
  };
  for (const connection of connections) add(connection);
  return [...hosts.values()];
}

/** One name for one way to one machine; it also stands in the generated known_hosts file. */
export function aliasOf(connection: Connection): string {
  const way = connection.bastion === undefined ? "" : `-via-${aliasOf(connection.bastion)}`;
  return `${connection.name}-${connection.user ?? "root"}-${connection.port ?? 22}-${connection.address.replace(/[^A-Za-z0-9.]/g, "_")}${way}`;
}

/** One line per host, known_hosts(5): the pin is looked up by alias, so an address that moves keeps it. */
export function renderKnownHosts(hosts: SshHost[]): string {
  return hosts.map((host) => `${host.alias} ${host.connection.hostKey}\n`).join("");
}

/**
 * ssh_config(5) of one deployment: pinned keys only, no key updates, no remote command, terminal or forwarding.
 * The first value wins, so the user's own file, included last, can only add (a proxy command, a jump host of a bastion).
 */
export function renderSshConfig(
  hosts: SshHost[],
  files: { knownHosts: string; sockets: string; userConfig?: string },
): string {
  const blocks = hosts.map((host, index) => {
    const { connection } = host;
    return [
      `Host ${host.alias}`,
      `  HostName ${connection.address}`,
      `  Port ${connection.port ?? 22}`,
      `  User ${connection.user ?? "root"}`,
      `  HostKeyAlias ${host.alias}`,
      ...(connection.privateKeyFile === undefined
        ? []
        : [`  IdentityFile "${connection.privateKeyFile}"`, "  IdentitiesOnly yes"]),
      `  ProxyJump ${host.bastion ?? "none"}`,
      `  ControlPath ${files.sockets}/${index}`,
      `  UserKnownHostsFile ${files.knownHosts}`,
      ...common,
    ].join("\n");
  });
  const include = files.userConfig === undefined ? [] : [`Host *\nInclude ${files.userConfig}`];
  return `${[...blocks, ...include].join("\n\n")}\n`;
}

const common = [
  "GlobalKnownHostsFile /dev/null",
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
  "ConnectTimeout 10",
  "ServerAliveInterval 5",
  "ServerAliveCountMax 4",
  "LogLevel ERROR",
].map((line) => `  ${line}`);
