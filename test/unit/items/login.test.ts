import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { itemExamples } from "../../../docs/source/itemExamples.ts";
import { itemDigest, renderProgram } from "../../../provider/engine/program.ts";
import { type Item, itemKinds, keyOf, kindOf } from "../../../provider/index.ts";
import { operation } from "../provider/smallSpec.ts";
import { withLibrary } from "./shellLibrary.ts";

const endangers = (item: Item): boolean => kindOf(item).endangersLogin(item) === true;

/** Paths of which each kind with a path has to know. */
const guardedPaths = [
  ...["/root", "/root/.ssh", "/root/.ssh/authorized_keys", "/root/.bashrc"],
  ...["/home", "/home/admin", "/home/admin/.ssh", "/srv/git/.ssh/authorized_keys"],
  ...["/etc", "/etc/ssh", "/etc/ssh/sshd_config", "/etc/sudoers.d/x", "/etc/pam.d/sshd", "/etc/passwd"],
  ...["/etc/nologin", "/run/nologin", "/etc/hosts.deny", "/etc/ld.so.preload"],
  ...["/usr", "/usr/sbin/sshd", "/bin/bash", "/lib64/x", "/usr/lib/x86_64-linux-gnu/libc.so.6"],
  ...["/etc/systemd/system/ssh.service", "/etc/systemd/system/ssh.service.d/10-x.conf"],
  ...["/etc/systemd/system/ssh.socket.d", "/run/systemd/system/networking.service"],
  ...[
    "/etc/systemd/system/multi-user.target.wants",
    "/etc/systemd/system/multi-user.target.wants/ssh.service",
  ],
  ...["/etc/systemd/system/ssh.service.requires/ssh.socket", "/etc/systemd/system/wg-quick@wg0.service.d"],
  ...["/etc/nftables.conf", "/etc/ufw/user.rules", "/etc/firewalld/zones/public.xml"],
  ...["/etc/network/interfaces", "/etc/netplan/50-cloud-init.yaml", "/etc/systemd/network/10-lan.network"],
];

const ordinaryPaths = [
  ...["/opt", "/opt/a", "/srv", "/srv/home/ann", "/homes", "/library", "/var/lib/etcd", "/var/log/a"],
  ...["/etc/foo", "/etc/motd", "/etc/sshx", "/etc/groundwork/firewall.nft", "/etc/apt/apt.conf.d/50x"],
  ...["/etc/systemd/journald.conf.d/00-x.conf", "/etc/systemd/system/web.service"],
  ...["/etc/systemd/system/sshguard.service", "/etc/systemd/system/web.service.d/ssh.service"],
  ...["/etc/systemd/system/multi-user.target.wants/web.service", "/etc/systemd/system/web.service.wants"],
  ...["/etc/modules-load.d/x.conf", "/usr/local/bin/runc", "/usr/local/lib/x", "/usr/share/x"],
  ...["/home/admin/notes", "/root/notes"],
];

/** An item of each kind that has a path. */
const pathItems: ((path: string) => Item)[] = [
  (path) => ({ kind: "absent", path }),
  (path) => ({ kind: "directory", path, mode: "0777" }),
  (path) => ({ kind: "stateDirectory", path, owner: "nobody" }),
  (path) => ({ kind: "download", path, urls: ["https://example.org/x"], sha256: "0".repeat(64) }),
  (path) => ({ kind: "file", path, content: "" }),
  (path) => ({ kind: "symlink", path, target: "/opt/x" }),
  (path) => ({ kind: "mount", what: "/dev/vdb1", where: path, type: "ext4" }),
];

const sysctl = (name: string): Item => ({ kind: "sysctl", name, value: "1" });
const unitItem = (name: string, dropIn?: string): Item => ({ kind: "unit", name, dropIn, content: "" });
const certificateIn = (folder: string): Item => ({ ...itemExamples.certificate, folder });

/** Of kinds that are known by something else than a path. */
const guardedItems: Item[] = [
  ...["ssh.service", "ssh.socket", "sshd.service", "systemd-networkd.service", "networking.service"],
  ...["NetworkManager.service", "nftables.service", "ufw.service", "firewalld.service"],
  ...["wg-quick@wg0.service", "openvpn.service", "openvpn-client@hq.service", "openvpn@hq.service"],
  ...["tailscaled.service", "dhcpcd.service", "dhcpcd@eth0.service", "sssd.service", "sssd-pam.socket"],
  ...["systemd-logind.service", "ssh@7.service"],
].flatMap((unit): Item[] => [{ kind: "service", unit }, unitItem(unit), unitItem(unit, "10-x")]);

const ordinaryItems: Item[] = [
  "web.service",
  "sshguard.service",
  "openvpnas.service",
  "systemd-login-report.service",
  "containerd.service",
  "apt-daily.timer",
].flatMap((unit): Item[] => [{ kind: "service", unit }, unitItem(unit), unitItem(unit, "10-ssh")]);

describe("a change that may lock everybody out", () => {
  for (const of of pathItems)
    it(`is one of kind ${of("/x").kind} at a path on which logins, the network or the firewall hang`, () => {
      for (const path of guardedPaths) assert.ok(endangers(of(path)), path);
      for (const path of ordinaryPaths) assert.ok(!endangers(of(path)), path);
    });

  it("is one of a unit that keeps the login, the network or the firewall", () => {
    for (const item of guardedItems) assert.ok(endangers(item), keyOf(item));
    for (const item of ordinaryItems) assert.ok(!endangers(item), keyOf(item));
  });

  it("is one of the kernel's interfaces, routes and neighbours", () => {
    for (const name of [
      ...[
        "net.ipv6.conf.all.disable_ipv6",
        "net.ipv6.conf.eth0/1.disable_ipv6",
        "net.ipv6.conf.eth0.accept_ra",
      ],
      ...["net.ipv6.conf.all.forwarding", "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.eth0.arp_ignore"],
      ...["net.ipv6.route.max_size", "net.ipv4.neigh.default.gc_thresh3"],
    ])
      assert.ok(endangers(sysctl(name)), name);
    for (const name of ["net.ipv4.ip_forward", "net.ipv4.tcp_syncookies", "kernel.panic", "vm.swappiness"])
      assert.ok(!endangers(sysctl(name)), name);
  });

  it("is a command that says so", () => {
    const step: Item = { kind: "command", name: "a step", run: ":", unless: ":" };
    assert.ok(!endangers(step));
    assert.ok(endangers({ ...step, endangersLogin: true }));
    assert.equal(itemDigest(step), itemDigest({ ...step, endangersLogin: true }));
  });

  it("is one of a certificate among the keys of sshd", () => {
    assert.ok(endangers(certificateIn("/etc/ssh")));
    assert.ok(!endangers(certificateIn("/etc/groundwork/certificates")));
  });

  it("is one of a user, a group, a key, a rule of sudo", () => {
    const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHbFJq0g5n2S0zWcOqTqkzqWQ6mX9cXJ3Yh0fM5h0b5T";
    assert.ok(endangers({ kind: "user", name: "alice" }));
    assert.ok(endangers({ kind: "group", name: "admins" }));
    assert.ok(endangers({ kind: "authorizedKey", user: "alice", key }));
    assert.ok(endangers({ kind: "sudoRule", name: "alice", content: "alice ALL=(ALL) ALL\n" }));
  });

  it("is one of the packages by which people log in, or that bring up a firewall", () => {
    const names = [
      "openssh-server",
      "ssh",
      "sudo",
      "sudo-ldap",
      "systemd",
      "libpam-modules",
      "bash",
      "libc6",
      "ufw",
    ];
    for (const name of names) assert.ok(endangers({ kind: "package", name }), name);
    // Debian's nftables brings its tools, and leaves its service off.
    for (const name of ["curl", "nftables"]) assert.ok(!endangers({ kind: "package", name }), name);
  });
});

describe("an opening of the firewall", () => {
  const port: Item = { kind: "allowedPort", protocol: "tcp", port: 22, from: "any" };

  it("endangers the login that comes in by that port of the machine", () => {
    assert.equal(kindOf(port).endangersLogin(port), 22);
    assert.equal(kindOf(port).endangersLogin({ ...port, protocol: "udp" } as Item), false);
    const [asked] =
      /gw_endangers=.*/.exec(
        renderProgram({ items: [port] }, operation)
          .split("# --- data")
          .at(-1) ?? "",
      ) ?? [];
    assert.equal(asked, "gw_endangers='22'");
  });

  const isGuarded = (endangered: string, session: string): boolean =>
    withLibrary(
      `gw_endangers='${endangered}' gw_connection='${session}'; endangers_login && echo yes || :`,
    ) === "yes";

  it("is guarded where the session came in by it, also behind a port forward", () => {
    assert.ok(isGuarded("22", "198.51.100.7 50000 192.0.2.1 22"));
    assert.ok(isGuarded("2222", "2001:db8::7 50000 2001:db8::1 2222"));
    assert.ok(!isGuarded("6443", "198.51.100.7 50000 192.0.2.1 22"));
    assert.ok(!isGuarded("22", "198.51.100.7 22 192.0.2.1 2201"));
  });

  it("is guarded whichever it is where nobody knows by which port the session came in", () => {
    for (const session of ["", "127.0.0.1 50000 127.0.0.1 22", "::1 50000 ::1 22"])
      assert.ok(isGuarded("6443", session), session);
  });

  it("says nothing about other items", () => {
    for (const session of ["", "198.51.100.7 50000 192.0.2.1 22"]) {
      assert.ok(isGuarded("yes", session));
      assert.ok(!isGuarded("", session));
    }
  });
});

describe("a rule of sudo", () => {
  const rule = { kind: "sudoRule", name: "deploy", content: "deploy ALL=(root) NOPASSWD: ALL\n" };
  const refusal = (more: object): string =>
    JSON.stringify(itemKinds.sudoRule.schema.safeParse({ ...rule, ...more }).error?.issues ?? []);

  it("is a file below sudoers.d that only root and its group may read", () => {
    assert.equal(refusal({}), "[]");
    const { path, mode, owner } = itemKinds.sudoRule.variables(rule as never);
    assert.deepEqual([path, mode, owner], ["/etc/sudoers.d/deploy", "0440", "root"]);
  });

  it("is refused under a name that sudo passes over, or that leads elsewhere", () => {
    for (const name of ["10.deploy", "deploy~", ".deploy", "a.b"])
      assert.match(refusal({ name }), /must hold neither a dot nor a tilde/, name);
    for (const name of ["", "-x", "a/b", "a b", "a\n", "a".repeat(201)])
      assert.match(refusal({ name }), /must be a file name/, name);
  });

  it("is refused without text, or without the newline that ends it", () => {
    assert.match(refusal({ content: "" }), /content/);
    assert.match(refusal({ content: "deploy ALL=(root) ALL" }), /must end with a newline/);
    assert.match(refusal({ content: "a\0\n" }), /NUL/);
  });
});
