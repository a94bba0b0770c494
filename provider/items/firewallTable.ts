import { createHash } from "node:crypto";
import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * Groundwork's own nftables table `inet groundwork`, kept in `/etc/groundwork/firewall.nft` and loaded,
 * together with the elements of every allowedPort and allowedForward, in one nft transaction.
 * No other table is touched. Restored exactly. nft(8)
 */
export interface FirewallTableItem extends CommonItem {
  kind: "firewallTable";
  /** The table's definition in nft syntax: `table inet groundwork { … }` with the named sets of {@link allowedPort}. */
  content: string;
}

export const firewallTable: ItemKind<FirewallTableItem> = {
  kind: "firewallTable",
  schema: z.strictObject({
    kind: z.literal("firewallTable"),
    content: field.text.refine((value) => value.startsWith("table inet groundwork {"), {
      error: "must define `table inet groundwork` and nothing else",
    }),
    timeLimit: field.timeLimit,
  }),
  subjectFields: [],
  subject: () => "inet groundwork",
  restores: () => "exactly",
  timeLimit: 30,
  variables: () => ({}),
  data: (item) => Buffer.from(item.content, "utf8"),
  desired: (item) =>
    `sha256=${createHash("sha256").update(item.content, "utf8").digest("hex")} live=as-loaded`,
  endangersLogin: () => true,
};
