import type { ItemKindName } from "../../provider/items/index.ts";

/** Groups of kinds in the order of `docs/items.md`. */
export const groups = [
  "Files and folders",
  "Packages and programs",
  "Services",
  "Users and logins",
  "Network and firewall",
  "Names, time and trust",
  "Kernel, memory and disks",
  "Everything else",
] as const;

/** The group of each kind. A kind without one does not compile. */
export const groupOf: Readonly<Record<ItemKindName, (typeof groups)[number]>> = {
  absent: "Files and folders",
  directory: "Files and folders",
  file: "Files and folders",
  stateDirectory: "Files and folders",
  symlink: "Files and folders",
  aptSource: "Packages and programs",
  download: "Packages and programs",
  package: "Packages and programs",
  service: "Services",
  unit: "Services",
  authorizedKey: "Users and logins",
  group: "Users and logins",
  sudoRule: "Users and logins",
  user: "Users and logins",
  allowedForward: "Network and firewall",
  allowedPort: "Network and firewall",
  firewallTable: "Network and firewall",
  network: "Network and firewall",
  nftablesTable: "Network and firewall",
  certificate: "Names, time and trust",
  hostname: "Names, time and trust",
  hostsEntry: "Names, time and trust",
  timezone: "Names, time and trust",
  trustedCertificate: "Names, time and trust",
  kernelModule: "Kernel, memory and disks",
  kernelParameter: "Kernel, memory and disks",
  mount: "Kernel, memory and disks",
  reboot: "Kernel, memory and disks",
  swap: "Kernel, memory and disks",
  sysctl: "Kernel, memory and disks",
  command: "Everything else",
};

/** Things of kinds, group by group. */
export function grouped<T extends { kind: string }>(all: T[]): [group: string, members: T[]][] {
  return groups.map((group) => [group, all.filter(({ kind }) => groupOf[kind as ItemKindName] === group)]);
}
