import { createHash } from "node:crypto";
import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";
import { isLoginPath } from "./loginPaths.ts";

/**
 * A file system that is mounted, now and at boot, by a systemd mount unit of its own; a boot goes on without it when
 * it cannot be had. The mount point is made where it is missing, and taken away with it when it is empty.
 * systemd.mount(5)
 */
export interface MountItem extends CommonItem {
  kind: "mount";
  /** Device, or what the type takes instead: `/dev/vdb1`, `UUID=…`, `LABEL=…`, `server:/export`, `tmpfs`. */
  what: string;
  /** Mount point: an absolute path in its plain form that hides nothing a running machine needs. */
  where: string;
  /** Type as mount(8) takes it: `ext4`, `xfs`, `nfs4`, `tmpfs`; for a bind mount `none`. */
  type: string;
  /** Options separated by commas: `noatime,nosuid`. Default: the type's own. mount(8) */
  options?: string;
}

/** What a mount would hide under a running system, its logins and Groundwork's own folder. */
const needed = [
  ...["/bin", "/boot", "/etc", "/lib", "/lib64", "/root", "/run", "/sbin", "/usr", "/var"],
  ...["/usr/bin", "/usr/lib", "/usr/sbin", "/var/lib"],
];

/**
 * systemd drops blanks at the end of a line, takes a backslash there for a line that goes on, and passes over a line
 * with one of Unicode's noncharacters.
 */
const fitsLine = (value: string): boolean => value === value.trim() && !/[\\\p{NChar}]/u.test(value);
const unfit = {
  error: "must not begin or end with a space, or hold a backslash or a noncharacter of Unicode",
};

export const mount: ItemKind<MountItem> = {
  kind: "mount",
  schema: z.strictObject({
    kind: z.literal("mount"),
    what: field.line
      .min(1)
      .refine(fitsLine, unfit)
      .refine((value) => !value.startsWith("-"), { error: "must not start with a dash" }),
    where: field.path
      .refine(fitsLine, unfit)
      .refine((path) => !needed.includes(path), {
        error: `must not hide what the machine runs from: ${needed.join(", ")}`,
      })
      .refine((path) => mountUnit(path).length <= 255, { error: "must be shorter: it names a unit" }),
    type: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]*$/, { error: "must be a file system's type, such as `ext4`" }),
    options: field.line
      .refine(fitsLine, unfit)
      .regex(/^[^\s,"'\\]+(,[^\s,"'\\]+)*$/, { error: "must be options separated by commas, without spaces" })
      .optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["where"],
  places: ({ where }) => [`/etc/systemd/system/${mountUnit(String(where))}`],
  restores: () => "equivalent",
  timeLimit: 90,
  variables: (item) => ({
    what: item.what,
    where: item.where,
    type: item.type,
    options: item.options ?? "",
    unit: mountUnit(item.where),
    target: wantedBy(item),
    path: `/etc/systemd/system/${mountUnit(item.where)}`,
    mode: "0644",
    owner: "root",
    group: "root",
    validate: "",
  }),
  data: (item) => Buffer.from(unitText(item), "utf8"),
  desired: (item) =>
    `mounted=yes boot=yes file mode=0644 owner=root:root sha256=${createHash("sha256").update(unitText(item), "utf8").digest("hex")}`,
  endangersLogin: (item) => isLoginPath(item.where),
};

/** The one name that systemd accepts for the unit of a mount point, as systemd-escape(1) makes it. */
export function mountUnit(where: string): string {
  const escaped = [...Buffer.from(where.slice(1), "utf8")].map((byte, index) => {
    const letter = String.fromCharCode(byte);
    if (letter === "/") return "-";
    const plain = /[A-Za-z0-9:_.]/.test(letter) && !(index === 0 && letter === ".");
    return plain ? letter : `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `${escaped.join("")}.mount`;
}

const networkTypes = new Set(["nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "9p"]);

/** What comes over the network is not waited for before there is one. */
const wantedBy = (item: MountItem): string =>
  networkTypes.has(item.type) || item.options?.split(",").includes("_netdev")
    ? "remote-fs.target"
    : "local-fs.target";

/** A percent sign begins a specifier in a unit file. */
const plain = (text: string): string => text.replaceAll("%", "%%");

function unitText(item: MountItem): string {
  const options = item.options === undefined ? [] : [`Options=${plain(item.options)}`];
  return [
    "[Unit]",
    `Description=${plain(item.where)}`,
    "[Mount]",
    `What=${plain(item.what)}`,
    `Where=${plain(item.where)}`,
    `Type=${item.type}`,
    ...options,
    "[Install]",
    `WantedBy=${wantedBy(item)}`,
    "",
  ].join("\n");
}
