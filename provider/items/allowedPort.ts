import { isIP } from "node:net";
import { z } from "zod";
import * as field from "./fields.ts";
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
  /** `any`, or the IPv4 or IPv6 network in CIDR form that may reach it. */
  from: string;
}

/** CIDR form of an IPv4 or IPv6 network. */
export const network = z.string().refine(
  (value) => {
    const [address, length, rest] = value.split("/");
    const family = isIP(address ?? "");
    return (
      family !== 0 &&
      rest === undefined &&
      /^\d{1,3}$/.test(length ?? "") &&
      Number(length) <= (family === 4 ? 32 : 128)
    );
  },
  { error: "must be a network in CIDR form such as `10.0.0.0/8`" },
);

/** Set and element in nft's terms: `tcp_any { 22 }`, `tcp_ip4 { 10.0.0.0/8 . 22 }`. */
export function firewallElement(item: Pick<AllowedPortItem, "protocol" | "port" | "from">): {
  set: string;
  element: string;
} {
  if (item.from === "any") return { set: `${item.protocol}_any`, element: String(item.port) };
  const family = isIP(item.from.split("/")[0] ?? "");
  return { set: `${item.protocol}_ip${family}`, element: `${item.from} . ${item.port}` };
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
  subject: (item) => `${item.protocol}/${item.port} from ${item.from}`,
  restores: () => "exactly",
  timeLimit: 10,
  variables: (item) => firewallElement(item),
  desired: () => "boot=yes live=yes",
  endangersLogin: (item) => item.protocol === "tcp" && item.port === 22,
};
