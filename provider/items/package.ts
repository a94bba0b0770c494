import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/** A Debian package that is installed, at a pinned version where one is given. Restored to an equivalent state: the old version again, or absent. */
export interface PackageItem extends CommonItem {
  kind: "package";
  /** Name as in apt(8), without version and architecture. */
  name: string;
  /** Exact version as dpkg prints it. Default: the one that is installed, else the newest of the machine's sources. */
  version?: string;
  /** Keep upgrades away (apt-mark hold). Default: false. */
  hold?: boolean;
}

/** Packages without which nobody can log in, or which bring a firewall or the network's configuration into effect. */
const loginPackages = new Set([
  ...["openssh-server", "ssh", "sudo", "sudo-ldap", "systemd", "systemd-sysv"],
  ...["bash", "dash", "libc6", "libc-bin", "libcrypt1", "libssl3", "libssl3t64", "login", "passwd"],
  ...["libpam-modules", "libpam-modules-bin", "libpam-runtime", "libpam0g"],
  ...["firewalld", "iptables-persistent", "netfilter-persistent", "ufw"],
  ...["ifupdown", "netplan.io", "network-manager"],
]);

export const aptPackage: ItemKind<PackageItem> = {
  kind: "package",
  schema: z.strictObject({
    kind: z.literal("package"),
    name: z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, {
      error: "must be the name of a Debian package, such as `nfs-kernel-server`, without version",
    }),
    version: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9.+:~-]*$/, { error: "must be a Debian version" })
      .optional(),
    hold: z.boolean().optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["name"],
  restores: () => "equivalent",
  timeLimit: 600,
  observesMany: true,
  variables: (item) => ({ name: item.name, version: item.version ?? "", hold: item.hold ? "yes" : "no" }),
  desired: (item) =>
    `installed${item.version ? ` version=${item.version}` : ""} hold=${item.hold ? "yes" : "no"}`,
  endangersLogin: (item) => loginPackages.has(item.name),
};
