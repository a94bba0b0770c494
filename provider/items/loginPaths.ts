/** Trees of which every part counts: what sshd, sudo and their modules read and run, the network, the firewall. */
const trees = [
  ...["/etc/ssh", "/etc/sudoers.d", "/etc/pam.d", "/etc/security"],
  ...["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"],
  ...["/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/libexec"],
  ...["/etc/netplan", "/etc/network", "/etc/NetworkManager", "/etc/systemd/network", "/run/systemd/network"],
  ...["/etc/firewalld", "/etc/iptables", "/etc/ufw"],
];

/** Files that a login reads, those by which it is refused, and folders that hold what counts. */
const places = [
  ...["/etc/group", "/etc/gshadow", "/etc/nsswitch.conf", "/etc/passwd", "/etc/shadow"],
  ...["/etc/bash.bashrc", "/etc/default/ssh", "/etc/environment", "/etc/profile", "/etc/shells"],
  ...["/etc/hosts.allow", "/etc/hosts.deny", "/etc/nologin", "/etc/sudo.conf", "/etc/sudoers"],
  ...["/etc/ld.so.conf", "/etc/ld.so.preload", "/etc/nftables.conf", "/etc/systemd/system"],
  ...["/home", "/root", "/run/nologin", "/run/sshd", "/var/run/nologin"],
];

/** A home and what its shell reads first; keys wherever they lie. */
const ofSomebody =
  /^\/home\/[^/]+$|^\/(root|home\/[^/]+)\/\.(bashrc|bash_profile|bash_login|profile)$|\/\.ssh(\/|$)/;

/** The file of a unit, what is in its folder of drop-ins, or its link in the folder of who starts it. */
const ofUnit =
  /^\/(?:etc|run|usr\/local\/lib)\/systemd\/system\/(?:[^/]+\.(?:wants|requires)\/)?([^/]+\.(?:service|socket))(?:\.d(?:\/|$)|$)/;

/** The folder of all units that a target starts. */
const ofTarget = /^\/(etc|run|usr\/local\/lib)\/systemd\/system\/[^/]+\.target\.(wants|requires)$/;

const unitNames = [
  ...["sshd?(@.*)?", "systemd-logind", "sssd(-.*)?"],
  ...["systemd-networkd", "networking", "ifup@.*", "NetworkManager", "dhcpcd5?(@.*)?"],
  // The way in may be a tunnel.
  ...["wg-quick@.*", "openvpn(-client|-server)?(@.*)?", "tailscaled"],
  ...["nftables", "netfilter-persistent", "ufw", "firewalld"],
];

/** Units that keep the login, the network or the firewall. */
const loginUnit = new RegExp(`^(${unitNames.join("|")})\\.(service|socket)$`);

/** True when a mistake in this unit can lock everybody out. */
export const isLoginUnit = (name: string): boolean => loginUnit.test(name);

/** True when a mistake in what lies at this path, or in its mode and owner, can lock everybody out. */
export function isLoginPath(path: string): boolean {
  const within = (folder: string, inner: string): boolean => inner.startsWith(`${folder}/`);
  return (
    trees.some((tree) => tree === path || within(tree, path)) ||
    places.includes(path) ||
    [...trees, ...places].some((kept) => within(path, kept)) ||
    ofSomebody.test(path) ||
    ofTarget.test(path) ||
    isLoginUnit(ofUnit.exec(path)?.[1] ?? "")
  );
}
