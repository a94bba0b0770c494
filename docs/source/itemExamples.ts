import type { Item, ItemKindName } from "../../provider/items/index.ts";

/** One example of each kind, as `docs/items.md` prints it. A kind without one does not compile. */
export const itemExamples: { readonly [K in ItemKindName]: Extract<Item, { kind: K }> } = {
  allowedForward: { kind: "allowedForward", from: "10.244.0.0/16", to: "10.77.0.0/24" },
  allowedPort: { kind: "allowedPort", protocol: "tcp", port: 9100, from: "10.77.0.0/24" },
  certificate: {
    kind: "certificate",
    folder: "/etc/node-exporter",
    name: "server",
    commonName: "node-exporter",
    subjectAltNames: ["DNS:server-1", "IP:10.77.0.11"],
    authority: "/etc/groundwork/ca.crt",
    ticket: "server-certificate",
    owner: "prometheus",
  },
  command: {
    kind: "command",
    name: "make the keys of the backup",
    run: "install -d -m 700 /etc/backup && openssl rand -out /etc/backup/key 32",
    unless: "test -s /etc/backup/key",
    undo: "rm -rf /etc/backup",
  },
  directory: { kind: "directory", path: "/srv/media", mode: "0750", group: "video" },
  download: {
    kind: "download",
    path: "/usr/local/bin/runc",
    urls: ["https://github.com/opencontainers/runc/releases/download/v1.5.1/runc.amd64"],
    sha256: "177df879d50c913eb205e898d5c1c05a18f574053c0ce5524c471208eaf06f6f",
  },
  file: {
    kind: "file",
    path: "/etc/ssh/sshd_config.d/10-groundwork.conf",
    content: "PasswordAuthentication no\n",
    mode: "0600",
    validate: 'sshd -t -f "$1"',
  },
  firewallTable: {
    kind: "firewallTable",
    content: [
      "table inet groundwork {",
      "  set tcp_any { type inet_service; }",
      "  set tcp_ip4 { type ipv4_addr . inet_service; flags interval; }",
      "  chain input {",
      "    type filter hook input priority filter; policy drop;",
      "    ct state established,related accept",
      '    iif "lo" accept',
      "    tcp dport @tcp_any accept",
      "    ip saddr . tcp dport @tcp_ip4 accept",
      "  }",
      "}",
      "",
    ].join("\n"),
  },
  package: { kind: "package", name: "nfs-kernel-server", hold: true },
  service: {
    kind: "service",
    unit: "ssh.service",
    reloadOn: ["file:/etc/ssh/sshd_config.d/10-groundwork.conf"],
  },
  stateDirectory: {
    kind: "stateDirectory",
    path: "/var/lib/prometheus",
    owner: "prometheus",
    group: "prometheus",
  },
  sysctl: { kind: "sysctl", name: "net.ipv4.ip_forward", value: "1" },
  unit: {
    kind: "unit",
    name: "containerd.service",
    dropIn: "10-limits",
    content: "[Service]\nLimitNOFILE=1048576\n",
  },
};
