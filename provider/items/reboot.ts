import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * One restart of the machine, when, and only when, something asks for it: an item that it names changed in this
 * operation or is not in effect yet, or the system itself says so. It comes after everything that can be restored.
 * The operation goes on after it: with the items that follow, with checks and facts, and with a restore where these
 * fail. A cause that a restart does not mend is an error, not another restart. Programs of other streams that are at
 * work on the machine are waited for.
 */
export interface RebootItem extends CommonItem {
  kind: "reboot";
  /** What it is for, in a few words: its key. */
  name: string;
  /** Keys of items of the same HostState that need it: `kernelParameter:cgroup_enable`. Default: none. */
  after?: string[];
  /** Also when Debian's packages ask for it, by `/run/reboot-required`. Default false. */
  whenRequired?: boolean;
}

export const reboot: ItemKind<RebootItem> = {
  kind: "reboot",
  schema: z
    .strictObject({
      kind: z.literal("reboot"),
      name: field.line.min(1),
      after: z.array(field.key).optional(),
      whenRequired: z.boolean().optional(),
      timeLimit: field.timeLimit,
    })
    .refine((item) => (item.after?.length ?? 0) > 0 || item.whenRequired === true, {
      error: "must say what asks for it: `after`, or `whenRequired: true`",
    }),
  subjectFields: ["name"],
  restores: () => "not",
  /** From the last sign of the machine to the first one of its next boot. */
  timeLimit: 600,
  waitsFor: ["after"],
  variables: (item) => ({
    after: (item.after ?? []).join("\n"),
    required: item.whenRequired ? "yes" : "no",
  }),
  desired: () => "pending=no",
  endangersLogin: () => false,
};
