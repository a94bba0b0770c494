import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * No swap, now and after a boot, as kubelet wants it: what is in use is taken out of use, lines of /etc/fstab become
 * comments, swap units of systemd are masked. Refused where the memory could not hold what was swapped out, and in
 * containers, which share the swap of their host. Restored to an equivalent state: the same places with the same
 * priorities. swapoff(8), systemd.swap(5)
 */
export interface SwapItem extends CommonItem {
  kind: "swap";
  /** All swap is off. */
  state: "off";
}

export const swap: ItemKind<SwapItem> = {
  kind: "swap",
  schema: z.strictObject({ kind: z.literal("swap"), state: z.literal("off"), timeLimit: field.timeLimit }),
  subjectFields: [],
  subject: () => "all",
  restores: () => "equivalent",
  timeLimit: 300,
  variables: () => ({ path: "/etc/fstab" }),
  desired: () => "active=no boot=no",
  endangersLogin: () => false,
};
