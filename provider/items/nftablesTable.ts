import { createHash } from "node:crypto";
import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * An nftables table of your own. It is checked by `nft -c`, loaded in one transaction, and loaded again at boot by a
 * unit of its own before any network is up; no other table is touched. Elements that come and go at run time (sets that
 * are dynamic, have a timeout, or are empty here) are not drift; a change of the table empties them. Restored exactly,
 * with the elements that were in it.
 * nft(8)
 */
export interface NftablesTableItem extends CommonItem {
  kind: "nftablesTable";
  /** Address family of the table. */
  family: "ip" | "ip6" | "inet" | "arp" | "bridge" | "netdev";
  /** At most 64 letters, digits, dashes and underscores; `inet groundwork` is kind {@link firewallTable}. */
  name: string;
  /** Chains, sets and maps in nft syntax: what stands between the braces of `table FAMILY NAME { … }`. */
  content: string;
}

/** The text without comments, and with empty strings: nothing in it hides a brace. */
const bare = (content: string): string =>
  content.replace(/"[^"]*"|#[^\n]*/g, (part) => (part.startsWith("#") ? "" : '""'));

/** True when every brace has its partner: the table does not end before the text does. */
function balanced(content: string): boolean {
  let depth = 0;
  for (const brace of bare(content).match(/[{}]/g) ?? []) {
    depth += brace === "{" ? 1 : -1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

const whole = (content: string): boolean => !bare(content).replaceAll('""', "").includes('"');
const includes = (content: string): boolean => /(?<![\w./-])include(?![\w./-])/.test(bare(content));

/** What comes in or goes out passes through it: a forwarding or a masquerading chain cannot close the login. */
const guardsTheMachine = (content: string): boolean =>
  /(?<![\w./-])hook[\s\\]+(prerouting|input|output|ingress|egress)(?![\w./-])/.test(bare(content));

/** Replaces the table, whether it is there or not, in one transaction; what an item loads and the next boot too. */
function transaction({ family, name, content }: NftablesTableItem): string {
  const table = `table ${family} ${name}`;
  return `# Loads one table and touches no other.\n${table}\ndelete ${table}\n${table} {\n${content}\n}\n`;
}

export const nftablesTable: ItemKind<NftablesTableItem> = {
  kind: "nftablesTable",
  schema: z
    .strictObject({
      kind: z.literal("nftablesTable"),
      family: z.enum(["ip", "ip6", "inet", "arp", "bridge", "netdev"]),
      name: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
        error: "must be a letter and at most 63 letters, digits, dashes and underscores",
      }),
      content: field.text
        .refine(whole, { error: "must end every text that a double quote begins" })
        .refine(balanced, { error: "must have as many closing braces as opening ones, each after its own" })
        .refine((value) => !includes(value), { error: "must not include other files" }),
      timeLimit: field.timeLimit,
    })
    .refine((item) => item.family !== "inet" || item.name !== "groundwork", {
      error: "`inet groundwork` is the table of kind firewallTable",
      path: ["name"],
    }),
  subjectFields: ["family", "name"],
  restores: () => "exactly",
  timeLimit: 30,
  variables: (item) => ({ family: item.family, name: item.name }),
  data: (item) => Buffer.from(transaction(item), "utf8"),
  desired: (item) =>
    `sha256=${createHash("sha256").update(transaction(item), "utf8").digest("hex")} boot=yes live=as-loaded`,
  endangersLogin: (item) => guardsTheMachine(item.content),
};
