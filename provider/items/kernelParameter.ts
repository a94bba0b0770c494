import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * A word of the kernel's command line, given by GRUB: a drop-in under `/etc/default/grub.d` and the configuration that
 * is generated from it. It is in effect from the next boot on; a `reboot` item that names it brings that about, and
 * tells when the running kernel was started without it. Restored to an equivalent configuration, in effect from the
 * boot after. bootparam(7)
 */
export interface KernelParameterItem extends CommonItem {
  kind: "kernelParameter";
  /** Name: `cgroup_enable`, `systemd.unified_cgroup_hierarchy`. */
  name: string;
  /** What stands after the equals sign. Default: the name alone, `quiet`. */
  value?: string;
}

/** What decides whether and into what a machine boots. */
const ofTheBoot = new Set([
  "root",
  "init",
  "rdinit",
  "initrd",
  "BOOT_IMAGE",
  "single",
  "emergency",
  "rescue",
]);

const wordOf = ({ name, value }: KernelParameterItem): string =>
  value === undefined ? name : `${name}=${value}`;

export const kernelParameter: ItemKind<KernelParameterItem> = {
  kind: "kernelParameter",
  schema: z.strictObject({
    kind: z.literal("kernelParameter"),
    name: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,99}$/, {
        error: "must be a parameter's name, such as `cgroup_enable`",
      })
      .refine((name) => !ofTheBoot.has(name), {
        error: `must not be one of ${[...ofTheBoot].join(", ")}: the machine might not boot again`,
      }),
    value: field.kernelWord.optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["name"],
  restores: () => "equivalent",
  timeLimit: 180,
  pending: true,
  variables: (item) => ({ name: item.name, word: wordOf(item) }),
  desired: (item) => `boot=${wordOf(item)}`,
  endangersLogin: () => false,
};
