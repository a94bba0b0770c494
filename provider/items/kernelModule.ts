import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * A kernel module that is loaded, now and at boot (`/etc/modules-load.d`), with its parameters (`/etc/modprobe.d`).
 * A restore unloads what was not loaded before, unless something uses it. modules-load.d(5), modprobe.d(5)
 */
export interface KernelModuleItem extends CommonItem {
  kind: "kernelModule";
  /** Name as lsmod shows it, with underscores: `br_netfilter`. */
  name: string;
  /**
   * Parameters by name, each with the value that the kernel shows under `/sys/module/NAME/parameters`; `1`, `yes` and
   * `Y` are the same to it. One that can only be set while the module loads, or that the kernel does not show, makes it
   * load again, when nothing uses it. Those of a module that is built into the kernel need a kernelParameter instead.
   */
  parameters?: Record<string, string>;
}

const optionsOf = (item: KernelModuleItem): string[] =>
  Object.entries(item.parameters ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);

export const kernelModule: ItemKind<KernelModuleItem> = {
  kind: "kernelModule",
  schema: z.strictObject({
    kind: z.literal("kernelModule"),
    name: z.string().regex(/^[A-Za-z0-9_]{1,55}$/, {
      error: "must be a module's name as lsmod shows it, with underscores, such as `br_netfilter`",
    }),
    parameters: field
      .byName(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: "must be the name of a parameter" }),
        field.kernelWord,
      )
      .optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["name"],
  restores: () => "equivalent",
  timeLimit: 30,
  variables: (item) => ({ name: item.name, parameters: optionsOf(item).join(" ") }),
  desired: (item) => ["loaded=yes boot=yes", ...optionsOf(item)].join(" "),
  endangersLogin: () => false,
};
