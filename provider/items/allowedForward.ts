import { z } from "zod";
import { canonicalNetwork, familyOf, network } from "./cidr.ts";
import * as field from "./fields.ts";
import { firewallElement } from "./firewallElement.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/** One opening of the firewall for traffic through this machine, from one network to another (pods, guests). Restored exactly. */
export interface AllowedForwardItem extends CommonItem {
  kind: "allowedForward";
  /** Source network in CIDR form; `0.0.0.0/0` is any IPv4. */
  from: string;
  /** Destination network in CIDR form, of the same family; openings must not overlap. */
  to: string;
}

export const allowedForward: ItemKind<AllowedForwardItem> = {
  kind: "allowedForward",
  schema: z
    .strictObject({
      kind: z.literal("allowedForward"),
      from: network,
      to: network,
      timeLimit: field.timeLimit,
    })
    .refine((item) => familyOf(item.from) === familyOf(item.to), {
      error: "`from` and `to` must be of the same family",
    }),
  subjectFields: ["from", "to"],
  subject: (item) => `${item.from} to ${item.to}`,
  restores: () => "exactly",
  timeLimit: 10,
  observesMany: true,
  variables: (item) => ({
    ...firewallElement(
      `forward_ip${familyOf(item.from)}`,
      `${canonicalNetwork(item.from)} . ${canonicalNetwork(item.to)}`,
    ),
  }),
  desired: () => "boot=yes live=yes",
  endangersLogin: () => false,
};
