import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/** A file from the network, known by its digest: nothing is fetched when it is already there. Restored exactly. */
export interface DownloadItem extends CommonItem {
  kind: "download";
  /** Where the file, or the archive's member, goes. */
  path: string;
  /** HTTP or HTTPS addresses of the same bytes, tried in order, resumed. */
  urls: string[];
  /** SHA-256 of what the URLs serve. */
  sha256: string;
  /** Member of a tar archive (gzip, xz or plain) to take instead of the whole file: `bin/containerd`. */
  member?: string;
  /** Octal text of four digits. Default `0755`. */
  mode?: string;
}

export const download: ItemKind<DownloadItem> = {
  kind: "download",
  schema: z.strictObject({
    kind: z.literal("download"),
    path: field.path,
    urls: z.array(z.url({ protocol: /^https?$/ })).min(1),
    sha256: field.sha256,
    member: field.line
      .refine((value) => !value.startsWith("-") && !value.startsWith("/"), {
        error: "must be a relative member name",
      })
      .optional(),
    mode: field.mode.optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["path"],
  restores: () => "exactly",
  timeLimit: 600,
  variables: (item) => ({
    path: item.path,
    urls: item.urls.join("\n"),
    sha256: item.sha256,
    member: item.member ?? "",
    mode: item.mode ?? "0755",
  }),
  desired: (item) =>
    `source=${item.sha256}${item.member ? `#${item.member}` : ""} mode=${item.mode ?? "0755"} intact=yes`,
};
