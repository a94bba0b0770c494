import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * The machine's name: `/etc/hostname` and the one in use now. Lines of /etc/hosts are items of their own.
 * Restored exactly. hostname(5)
 */
export interface HostnameItem extends CommonItem {
  kind: "hostname";
  /** Lower-case letters, digits, dashes and dots; at most 64 characters: `server-1`. */
  name: string;
}

export const hostname: ItemKind<HostnameItem> = {
  kind: "hostname",
  schema: z.strictObject({
    kind: z.literal("hostname"),
    name: z
      .string()
      .max(64, { error: "must be at most 64 characters" })
      .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, {
        error: "must be lower-case letters, digits, dashes and dots, such as `server-1`",
      })
      .refine((value) => value !== "localhost", { error: "must not be `localhost`, which every machine is" }),
    timeLimit: field.timeLimit,
  }),
  subjectFields: [],
  subject: () => "static",
  places: () => ["/etc/hostname"],
  restores: () => "exactly",
  timeLimit: 10,
  variables: (item) => ({ name: item.name, path: "/etc/hostname" }),
  desired: (item) => `boot=${item.name} live=${item.name}`,
  endangersLogin: () => false,
};
