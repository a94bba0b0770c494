import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * A group of the machine. Who belongs to it is said by the users. One that is there already keeps its number. Restored
 * exactly; one that is still somebody's primary group stays, and is named. group(5)
 */
export interface GroupItem extends CommonItem {
  kind: "group";
  /** Lower-case letters, digits, `_` and `-`, at most 32. */
  name: string;
  /** Its number, 1 to 4294967293. Default: the one that it has, else a free one. */
  gid?: number;
  /** A new one's number comes from the range for system groups. Default false. */
  system?: boolean;
}

export const group: ItemKind<GroupItem> = {
  kind: "group",
  schema: z.strictObject({
    kind: z.literal("group"),
    name: field.account.refine((name) => name !== "root", {
      error: "must not be root, whose group stays as it is",
    }),
    gid: field.accountNumber.optional(),
    system: z.boolean().optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["name"],
  restores: () => "exactly",
  timeLimit: 30,
  observesMany: true,
  variables: (item) => ({
    name: item.name,
    gid: item.gid === undefined ? "" : String(item.gid),
    system: item.system ? "yes" : "no",
  }),
  desired: (item) => `group${item.gid === undefined ? "" : ` gid=${item.gid}`}`,
  // A rule of sudo or sshd may let in who belongs to it.
  endangersLogin: () => true,
};
