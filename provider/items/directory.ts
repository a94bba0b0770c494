import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";
import { isLoginPath } from "./loginPaths.ts";

/** A directory with its mode and owner; missing parents are made as 0755 root. Restored exactly; what others put inside stays and is named. */
export interface DirectoryItem extends CommonItem {
  kind: "directory";
  /** Absolute path in its plain form, outside /proc, /sys, /dev and Groundwork's own folder. */
  path: string;
  /** Octal text of four digits. Default `0755`. */
  mode?: string;
  /** Default `root`. */
  owner?: string;
  /** Default `root`. */
  group?: string;
}

export const directory: ItemKind<DirectoryItem> = {
  kind: "directory",
  schema: z.strictObject({
    kind: z.literal("directory"),
    path: field.path,
    mode: field.mode.optional(),
    owner: field.account.optional(),
    group: field.account.optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["path"],
  restores: () => "exactly",
  timeLimit: 30,
  observesMany: true,
  independent: true,
  provenTogether: true,
  variables: (item) => ({
    path: item.path,
    mode: item.mode ?? "0755",
    owner: item.owner ?? "root",
    group: item.group ?? "root",
  }),
  desired: (item) =>
    `directory mode=${item.mode ?? "0755"} owner=${item.owner ?? "root"}:${item.group ?? "root"}`,
  endangersLogin: (item) => isLoginPath(item.path),
};
