import { isIP } from "node:net";
import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * One line of /etc/hosts. Every other line stays byte for byte, also where it gives one of the names another address.
 * Restored exactly. hosts(5)
 */
export interface HostsEntryItem extends CommonItem {
  kind: "hostsEntry";
  /** IPv4 or IPv6 address: `10.77.0.11`. */
  address: string;
  /** Host names, the full one first: `server-1.example.org`, `server-1`. */
  names: string[];
}

const line = ({ address, names }: HostsEntryItem): string => [address, ...[names].flat()].join(" ");

export const hostsEntry: ItemKind<HostsEntryItem> = {
  kind: "hostsEntry",
  schema: z.strictObject({
    kind: z.literal("hostsEntry"),
    address: z.string().refine((value) => isIP(value) !== 0 && !value.includes("%"), {
      error: "must be an IPv4 or IPv6 address without a zone",
    }),
    names: z
      .array(
        z
          .string()
          .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, {
            error: "must be a host name such as `server-1.example.org`",
          })
          .max(253, { error: "must be at most 253 characters" }),
      )
      .min(1)
      .max(50),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["address", "names"],
  subject: line,
  restores: () => "exactly",
  timeLimit: 10,
  observesMany: true,
  variables: (item) => ({ line: line(item), path: "/etc/hosts" }),
  desired: () => "present",
  endangersLogin: () => false,
};
