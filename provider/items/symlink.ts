import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";
import { isLoginPath } from "./loginPaths.ts";

/** A symbolic link. It takes the place of a file or another link, never of a directory. Restored exactly. symlink(7) */
export interface SymlinkItem extends CommonItem {
  kind: "symlink";
  /** Absolute path in its plain form, outside /proc, /sys, /dev and Groundwork's own folder. */
  path: string;
  /** Where it leads, written as it is: absolute, or relative to the link's own folder. It need not be there. */
  target: string;
}

export const symlink: ItemKind<SymlinkItem> = {
  kind: "symlink",
  schema: z
    .strictObject({
      kind: z.literal("symlink"),
      path: field.path,
      target: field.line.min(1).refine((value) => Buffer.byteLength(value) < 4096, {
        error: "must be shorter than 4096 bytes",
      }),
      timeLimit: field.timeLimit,
    })
    .refine(({ path, target }) => target !== path && target !== path.slice(path.lastIndexOf("/") + 1), {
      path: ["target"],
      error: "must not be the link itself",
    }),
  subjectFields: ["path"],
  restores: () => "exactly",
  timeLimit: 30,
  observesMany: true,
  variables: (item) => ({ path: item.path, target: item.target }),
  desired: (item) => `symlink target=${item.target}`,
  endangersLogin: (item) => isLoginPath(item.path),
};
