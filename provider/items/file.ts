import { createHash } from "node:crypto";
import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/** A regular file with its content, mode and owner. Restored exactly. */
export interface FileItem extends CommonItem {
  kind: "file";
  /** Absolute path in its plain form, outside /proc, /sys, /dev and Groundwork's own folder. */
  path: string;
  /** UTF-8 text, written byte for byte. */
  content: string;
  /** Octal text of four digits. Default `0644`. */
  mode?: string;
  /** Default `root`. */
  owner?: string;
  /** Default `root`. */
  group?: string;
  /** POSIX shell command that must accept the new file, whose path is `$1`, before it replaces the old one: `sshd -t -f "$1"`. */
  validate?: string;
}

/** Files that sshd and sudo read at login. */
const loginFiles =
  /^\/etc\/(ssh|sudoers\.d|pam\.d|security)\/|^\/etc\/(sudoers|passwd|shadow|group|nsswitch\.conf)$|\/\.ssh\//;

export const file: ItemKind<FileItem> = {
  kind: "file",
  schema: z.strictObject({
    kind: z.literal("file"),
    path: field.path,
    content: field.text,
    mode: field.mode.optional(),
    owner: field.account.optional(),
    group: field.account.optional(),
    validate: field.text.optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["path"],
  restores: () => "exactly",
  timeLimit: 30,
  independent: true,
  variables: (item) => ({
    path: item.path,
    mode: item.mode ?? "0644",
    owner: item.owner ?? "root",
    group: item.group ?? "root",
    validate: item.validate ?? "",
  }),
  data: (item) => Buffer.from(item.content, "utf8"),
  desired: (item) =>
    `file mode=${item.mode ?? "0644"} owner=${item.owner ?? "root"}:${item.group ?? "root"} sha256=${createHash("sha256").update(item.content, "utf8").digest("hex")}`,
  endangersLogin: (item) => loginFiles.test(item.path),
  secretFields: ["content"],
};
