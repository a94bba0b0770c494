import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";
import { isLoginPath } from "./loginPaths.ts";

/**
 * A directory whose content a service makes (metrics, etcd, volumes). A restore never deletes it:
 * what was not there before is moved aside under `/var/lib/groundwork/kept`, and the place is named.
 */
export interface StateDirectoryItem extends CommonItem {
  kind: "stateDirectory";
  /** Absolute path in its plain form, outside /proc, /sys, /dev and Groundwork's own folder. */
  path: string;
  /** Octal text of four digits. Default `0700`. */
  mode?: string;
  /** Default `root`. */
  owner?: string;
  /** Default `root`. */
  group?: string;
}

export const stateDirectory: ItemKind<StateDirectoryItem> = {
  kind: "stateDirectory",
  schema: z.strictObject({
    kind: z.literal("stateDirectory"),
    path: field.path,
    mode: field.mode.optional(),
    owner: field.account.optional(),
    group: field.account.optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["path"],
  restores: () => "equivalent",
  timeLimit: 60,
  observesMany: true,
  variables: (item) => ({
    path: item.path,
    mode: item.mode ?? "0700",
    owner: item.owner ?? "root",
    group: item.group ?? "root",
  }),
  desired: (item) =>
    `directory mode=${item.mode ?? "0700"} owner=${item.owner ?? "root"}:${item.group ?? "root"}`,
  endangersLogin: (item) => isLoginPath(item.path),
};
