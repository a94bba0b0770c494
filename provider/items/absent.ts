import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";
import { isLoginPath } from "./loginPaths.ts";
import { unmerged } from "./mergedUsr.ts";

/**
 * A path at which nothing must be: no file, link or directory. What is there is captured whole, directories with all
 * that lies in them. Mount points, what holds one, and paths that a system cannot do without are refused.
 * Restored exactly.
 */
export interface AbsentItem extends CommonItem {
  kind: "absent";
  /** Absolute path in its plain form, outside /proc, /sys, /dev and Groundwork's own folder. */
  path: string;
  /** MiB that may be captured, and later kept, on the machine's disk. What is larger is refused. Default 100. */
  sizeLimit?: number;
}

/** Without these a system neither starts nor lets anybody in. */
const essential = `
  /bin/bash /bin/dash /bin/sh /bin/sudo /bin/systemctl /boot /dev /home /lib/aarch64-linux-gnu /lib/modules /lib/systemd /lib/udev /lib/x86_64-linux-gnu /lib32 /lib64 /libx32
  /media /mnt /opt /proc /root /run /sbin/init /sbin/sshd /srv /sys /tmp
  /etc/apt /etc/dpkg /etc/fstab /etc/group /etc/gshadow /etc/ld.so.cache /etc/ld.so.conf /etc/machine-id
  /etc/nsswitch.conf /etc/pam.d /etc/passwd /etc/security /etc/shadow /etc/ssh /etc/sudoers /etc/systemd
  /usr/local /usr/share /var/cache /var/lib/apt /var/lib/dpkg /var/lib/groundwork /var/lib/systemd /var/lock
  /var/log /var/run /var/spool /var/tmp
`
  .trim()
  .split(/\s+/);

/** True for these and for folders that hold one of them. */
const isEssential = (path: string): boolean =>
  essential.some((kept) => kept === unmerged(path) || kept.startsWith(`${unmerged(path)}/`));

export const absent: ItemKind<AbsentItem> = {
  kind: "absent",
  schema: z.strictObject({
    kind: z.literal("absent"),
    path: field.path.refine((value) => !isEssential(value), {
      error: "must not be, or hold, what the system cannot do without",
    }),
    sizeLimit: z.number().int().min(1).max(1_000_000).optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["path"],
  restores: () => "exactly",
  timeLimit: 300,
  variables: (item) => ({ path: item.path, size_limit: String(item.sizeLimit ?? 100) }),
  desired: () => "absent",
  endangersLogin: (item) => isLoginPath(item.path),
};
