import { z } from "zod";
import { canonicalNetwork, familyOf, network } from "./cidr.ts";
import * as field from "./fields.ts";
import { type FirewallElement, firewallElement } from "./firewallElement.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * One opening of the firewall for traffic to this machine: an element of a named set of
 * `table inet groundwork`, and its line in `/etc/groundwork/firewall.d` for the next boot.
 * Owned by the stream that needs it. Restored exactly.
 */
export interface AllowedPortItem extends CommonItem {
  kind: "allowedPort";
  /** Transport protocol. */
  protocol: "tcp" | "udp";
  /** 1 to 65535. */
  port: number;
  /** `any`, or the IPv4 or IPv6 network in CIDR form that may reach it; networks of one port must not overlap. */
  from: string;
}

/** `tcp_any { 22 }`, `tcp_ip4 { 10.0.0.0/8 . 22 }`. */
function elementOf(item: AllowedPortItem): FirewallElement {
  if (item.from === "any") return firewallElement(`${item.protocol}_any`, String(item.port));
  return firewallElement(
    `${item.protocol}_ip${familyOf(item.from)}`,
    `${canonicalNetwork(item.from)} . ${item.port}`,
  );
}

export const allowedPort: ItemKind<AllowedPortItem> = {
  kind: "allowedPort",
  schema: z.strictObject({
    kind: z.literal("allowedPort"),
    protocol: z.enum(["tcp", "udp"]),
    port: z.number().int().min(1).max(65535),
    from: z.union([z.literal("any"), network]),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["protocol", "port", "from"],
  subject: (item) => `${item.protocol}/${item.port} from ${item.from}`,
  restores: () => "exactly",
  timeLimit: 10,
  observesMany: true,
  variables: (item) => ({ ...elementOf(item) }),
  desired: () => "boot=yes live=yes",
  endangersLogin: (item) => item.protocol === "tcp" && item.port,
};
