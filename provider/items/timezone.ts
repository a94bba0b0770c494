import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * The machine's time zone: the link `/etc/localtime`, and the name in `/etc/timezone` on systems that keep one.
 * Programs that run already see it after their restart. Restored exactly. localtime(5)
 */
export interface TimezoneItem extends CommonItem {
  kind: "timezone";
  /** Name in the time zone database of the machine, which has to know it (package tzdata): `Europe/Berlin`, `Etc/UTC`. */
  zone: string;
}

export const timezone: ItemKind<TimezoneItem> = {
  kind: "timezone",
  schema: z.strictObject({
    kind: z.literal("timezone"),
    zone: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9][A-Za-z0-9_+-]*)*$/, {
        error: "must be the name of a time zone such as `Europe/Berlin`",
      })
      .refine((value) => !["localtime", "posixrules"].includes(value), {
        error: "must be a zone of its own, not the one in use",
      }),
    timeLimit: field.timeLimit,
  }),
  subjectFields: [],
  subject: () => "system",
  places: () => ["/etc/localtime", "/etc/timezone"],
  restores: () => "exactly",
  timeLimit: 10,
  variables: (item) => ({ zone: item.zone, path: "/etc/localtime", text: "/etc/timezone" }),
  desired: (item) => `zone=${item.zone} text=${item.zone}`,
  endangersLogin: () => false,
};
