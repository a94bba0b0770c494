import { createHash } from "node:crypto";
import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * Groundwork's own nftables table `inet groundwork`, loaded together with the elements of every allowedPort and
 * allowedForward in one nft transaction, now and at boot. `/etc/groundwork/firewall.table.nft` keeps the definition,
 * `/etc/groundwork/firewall.nft` loads all. No other table is touched. Restored exactly. nft(8)
 */
export interface FirewallTableItem extends CommonItem {
  kind: "firewallTable";
  /** The table's definition in nft syntax: `table inet groundwork { … }` with the named sets of {@link allowedPort}. */
  content: string;
}

/** True of `table inet groundwork { … }` with nothing but comments after it. Comments and quoted text hold no braces. */
function isOneTable(content: string): boolean {
  if (!content.startsWith("table inet groundwork {")) return false;
  const bare = content.replace(/"[^"]*"|#[^\n]*/g, "").trimEnd();
  let depth = 0;
  const end = [...bare].findIndex((character) => {
    if (character === "{") depth++;
    if (character === "}") depth--;
    return character === "}" && depth === 0;
  });
  return end === [...bare].length - 1;
}

export const firewallTable: ItemKind<FirewallTableItem> = {
  kind: "firewallTable",
  schema: z.strictObject({
    kind: z.literal("firewallTable"),
    content: field.text.refine(isOneTable, {
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
