import { createHash } from "node:crypto";
import { z } from "zod";
import { type Asset, assetBytes, assetSchema } from "./asset.ts";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";
import { isLoginPath } from "./loginPaths.ts";

/** A regular file with its content, mode and owner. Restored exactly. */
export interface FileItem extends CommonItem {
  kind: "file";
  /** Absolute path in its plain form, outside /proc, /sys, /dev and Groundwork's own folder. */
  path: string;
  /** UTF-8 text, written byte for byte; either this or `asset`. */
  content?: string;
  /** Bytes of a file beside the program, at most 64 MiB, `new pulumi.asset.FileAsset("logo.png")`. The state keeps their digest only. */
  asset?: Asset;
  /** Octal text of four digits. Default `0644`. */
  mode?: string;
  /** Default `root`. */
  owner?: string;
  /** Default `root`. */
  group?: string;
  /** POSIX shell command that must accept the new file, whose path is `$1`, before it replaces the old one: `sshd -t -f "$1"`. */
  validate?: string;
}

const digest = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** SHA-256 of the content, which may lie beside the program. */
const contentDigest = ({ content, asset }: FileItem): string => asset?.hash ?? digest(content ?? "");

export const file: ItemKind<FileItem> = {
  kind: "file",
  schema: z
    .strictObject({
      kind: z.literal("file"),
      path: field.path,
      content: field.text.optional(),
      asset: assetSchema.optional(),
      mode: field.mode.optional(),
      owner: field.account.optional(),
      group: field.account.optional(),
      validate: field.text.optional(),
      timeLimit: field.timeLimit,
    })
    .refine((item) => (item.content === undefined) !== (item.asset === undefined), {
      error: "must have either `content` or `asset`",
    }),
  subjectFields: ["path"],
  restores: () => "exactly",
  timeLimit: 30,
  observesMany: true,
  independent: true,
  provenTogether: true,
  variables: (item) => ({
    path: item.path,
    mode: item.mode ?? "0644",
    owner: item.owner ?? "root",
    group: item.group ?? "root",
    validate: item.validate ?? "",
  }),
  data: ({ content, asset }) =>
    asset === undefined ? Buffer.from(content ?? "", "utf8") : assetBytes(asset),
  dataDigest: contentDigest,
  desired: (item) =>
    `file mode=${item.mode ?? "0644"} owner=${item.owner ?? "root"}:${item.group ?? "root"} sha256=${contentDigest(item)}`,
  endangersLogin: (item) => isLoginPath(item.path),
  secretFields: ["content", "asset"],
};
