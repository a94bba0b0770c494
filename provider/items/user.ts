import { createHash } from "node:crypto";
import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * A user of the machine, by default without a password that fits. Restored exactly: a user that was not there is taken
 * away once none of its processes runs, and its home moves aside under `/var/lib/groundwork/kept`. passwd(5) shadow(5)
 */
export interface UserItem extends CommonItem {
  kind: "user";
  /** Lower-case letters, digits, `_` and `-`, at most 32; not root. */
  name: string;
  /** Its number, 1 to 4294967293. Default: the one that it has, else a free one. */
  uid?: number;
  /** Primary group. Default: a group of the user's name, which is made with the user. */
  group?: string;
  /** Further groups, exactly these; they have to be there. Default: memberships are left as they are. */
  groups?: string[];
  /** Absolute path of a program. Default `/bin/bash`, of a system user `/usr/sbin/nologin`. */
  shell?: string;
  /**
   * Absolute path. What is not there is made with mode 0700, from /etc/skel where the user is no system user. Default
   * `/home/NAME`, of a system user `/nonexistent`, which is never made.
   */
  home?: string;
  /** A service's account, whose number comes from the range for system accounts. Default false. */
  system?: boolean;
  /** Hash of the password as crypt(5) writes it: yescrypt, SHA-2 or bcrypt. A secret. Default: no password fits. */
  passwordHash?: string;
}

const passwordHash = field.line.regex(/^\$(y|gy|7|2[aby]|5|6)\$[^\s:!*]{10,}$/, {
  error: "must be a hash of crypt(5) such as `$y$…` or `$6$…`, made by `mkpasswd`",
});

/** passwd(5) separates its fields by colons. */
const passwdPath = field.path.refine((value) => !/[:,"\\]/.test(value), {
  error: "must not hold colons, commas, quotes and backslashes",
});

const shellOf = (item: UserItem): string => item.shell ?? (item.system ? "/usr/sbin/nologin" : "/bin/bash");
const homeOf = (item: UserItem): string => item.home ?? (item.system ? "/nonexistent" : `/home/${item.name}`);
const groupsOf = (item: UserItem): string | undefined => item.groups && [...item.groups].sort().join(",");

/** A crypt hash has a salt of its own and cannot be guessed from its digest. */
function passwordOf(item: UserItem): string {
  if (item.passwordHash === undefined) return "locked";
  return `sha256:${createHash("sha256").update(item.passwordHash, "utf8").digest("hex")}`;
}

export const user: ItemKind<UserItem> = {
  kind: "user",
  schema: z
    .strictObject({
      kind: z.literal("user"),
      name: field.account.refine((name) => name !== "root", {
        error: "must not be root, by whom the machine is kept",
      }),
      uid: field.accountNumber.optional(),
      group: field.account.optional(),
      groups: z
        .array(field.account)
        .refine((names) => new Set(names).size === names.length, { error: "must name each group once" })
        .optional(),
      shell: passwdPath.optional(),
      home: passwdPath.optional(),
      system: z.boolean().optional(),
      passwordHash: passwordHash.optional(),
      timeLimit: field.timeLimit,
    })
    .refine((item) => !item.groups?.includes(item.group ?? item.name), {
      error: "must not hold the primary group",
      path: ["groups"],
    }),
  subjectFields: ["name"],
  restores: () => "exactly",
  timeLimit: 60,
  observesMany: true,
  variables: (item) => ({
    name: item.name,
    uid: item.uid === undefined ? "" : String(item.uid),
    group: item.group ?? item.name,
    groups: item.groups === undefined ? "-" : `,${groupsOf(item)},`,
    shell: shellOf(item),
    home: homeOf(item),
    system: item.system ? "yes" : "no",
    password: passwordOf(item),
  }),
  data: (item) => (item.passwordHash === undefined ? undefined : Buffer.from(item.passwordHash, "utf8")),
  desired: (item) =>
    [
      "user",
      ...(item.uid === undefined ? [] : [`uid=${item.uid}`]),
      `group=${item.group ?? item.name}`,
      ...(item.groups === undefined ? [] : [`groups=${groupsOf(item)}`]),
      `shell=${shellOf(item)}`,
      `home=${homeOf(item)}`,
      `password=${passwordOf(item)}`,
    ].join(" "),
  endangersLogin: () => true,
  secretFields: ["passwordHash"],
};
