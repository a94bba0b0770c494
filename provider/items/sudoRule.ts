import { createHash } from "node:crypto";
import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * Rules of sudo in a file `/etc/sudoers.d/NAME` with mode 0440. `visudo` checks it before it takes its place, and all
 * rules together afterwards. Restored exactly. sudoers(5)
 */
export interface SudoRuleItem extends CommonItem {
  kind: "sudoRule";
  /** File name of letters, digits, `_` and `-`: sudo passes over names with a dot, and over those that end in `~`. */
  name: string;
  /** Lines of sudoers(5): `deploy ALL=(root) NOPASSWD: /usr/bin/systemctl restart web`. */
  content: string;
}

const pathOf = (item: SudoRuleItem): string => `/etc/sudoers.d/${item.name}`;

export const sudoRule: ItemKind<SudoRuleItem> = {
  kind: "sudoRule",
  schema: z.strictObject({
    kind: z.literal("sudoRule"),
    name: z
      .string()
      .refine((name) => !/[.~]/.test(name), {
        error: "must hold neither a dot nor a tilde: sudo would pass over the file",
      })
      .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,199}$/, {
        error: "must be a file name of letters, digits, `_` and `-`",
      }),
    content: field.text
      .min(1)
      .refine((content) => content.endsWith("\n"), { error: "must end with a newline" }),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["name"],
  places: (item) => [pathOf(item)],
  restores: () => "exactly",
  timeLimit: 30,
  observesMany: true,
  variables: (item) => ({
    name: item.name,
    path: pathOf(item),
    mode: "0440",
    owner: "root",
    group: "root",
    validate: 'visudo -cf "$1"',
  }),
  data: (item) => Buffer.from(item.content, "utf8"),
  desired: (item) =>
    `file mode=0440 owner=root:root sha256=${createHash("sha256").update(item.content, "utf8").digest("hex")}`,
  endangersLogin: () => true,
  independent: true,
  secretFields: ["content"],
};
