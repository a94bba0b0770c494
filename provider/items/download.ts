import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";
import { isLoginPath } from "./loginPaths.ts";

/**
 * A file from the network, known by its digest, or the tree that an archive holds: nothing is fetched when it is
 * already there. Restored exactly.
 */
export interface DownloadItem extends CommonItem {
  kind: "download";
  /** Where the file, the archive's member, or with `extract` the directory goes. */
  path: string;
  /**
   * HTTP or HTTPS addresses of the same bytes, tried in order, resumed. Where one holds a login or a token, give it as
   * `pulumi.secret("https://…")`: the state keeps it encrypted. What a machine reports names scheme and host alone; it
   * keeps the whole addresses in clear, in a folder that root alone reads.
   */
  urls: string[];
  /** SHA-256 of what the URLs serve. */
  sha256: string;
  /** Member of a tar archive (gzip, xz or plain) to take instead of the whole file: `bin/containerd`. */
  member?: string;
  /**
   * Make the directory `path` of the whole tar archive (gzip, xz or plain), owned by root. The directory is the
   * archive's alone: what somebody puts into it is drift, and is moved aside. Default false.
   */
  extract?: boolean;
  /** With `extract`: how many leading folders the names in the archive lose. 0 to 9. Default 0. */
  strip?: number;
  /** Of the file or of the directory; octal text of four digits. Default `0755`. */
  mode?: string;
}

/** Which part of the archive, as the shell functions see it: the whole tree is a slash and a number. */
const partOf = ({ extract, strip, member }: DownloadItem): string =>
  extract ? `/${strip ?? 0}` : (member ?? "");

export const download: ItemKind<DownloadItem> = {
  kind: "download",
  schema: z
    .strictObject({
      kind: z.literal("download"),
      path: field.path,
      urls: z.array(field.webAddress).min(1, { error: "must name at least one address" }),
      sha256: field.sha256,
      member: field.line
        .min(1)
        .refine((value) => !value.startsWith("-") && !value.startsWith("/"), {
          error: "must be a relative member name",
        })
        .optional(),
      extract: z.boolean().optional(),
      strip: z.number().int().min(0).max(9).optional(),
      mode: field.mode.optional(),
      timeLimit: field.timeLimit,
    })
    .refine((item) => !item.extract || item.member === undefined, {
      error: "must not stand beside `extract`",
      path: ["member"],
    })
    .refine((item) => item.extract || item.strip === undefined, {
      error: "must stand beside `extract`",
      path: ["strip"],
    })
    .refine((item) => !item.extract || item.path.split("/").length > 2, {
      error: "must lie in a folder: the directory is the archive's alone",
      path: ["path"],
    }),
  subjectFields: ["path"],
  restores: () => "exactly",
  timeLimit: 600,
  observesMany: true,
  variables: (item) => ({
    path: item.path,
    urls: item.urls.join("\n"),
    sha256: item.sha256,
    member: partOf(item),
    mode: item.mode ?? "0755",
  }),
  desired: (item) =>
    `source=${item.sha256}${partOf(item) && `#${partOf(item)}`} mode=${item.mode ?? "0755"} intact=yes`,
  endangersLogin: (item) => isLoginPath(item.path),
};
