import { createHash } from "node:crypto";
import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";
import { isLoginPath } from "./loginPaths.ts";

/** A systemd unit file, or a drop-in of one, known to systemd after a reload of its configuration. Restored exactly. systemd.unit(5) */
export interface UnitItem extends CommonItem {
  kind: "unit";
  /** Unit with its suffix: `containerd.service`. */
  name: string;
  /** Makes it `/etc/systemd/system/NAME.d/DROPIN.conf` instead of the unit itself: `10-groundwork`. */
  dropIn?: string;
  /** UTF-8 text, written byte for byte. */
  content: string;
}

export const unitPath = (item: Pick<UnitItem, "name" | "dropIn">): string =>
  item.dropIn === undefined
    ? `/etc/systemd/system/${item.name}`
    : `/etc/systemd/system/${item.name}.d/${item.dropIn}.conf`;

export const unit: ItemKind<UnitItem> = {
  kind: "unit",
  schema: z.strictObject({
    kind: z.literal("unit"),
    name: field.unit,
    dropIn: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,199}$/, {
        error: "must be a file name without `.conf`: at most 200 letters, digits, `_` and `-`",
      })
      .optional(),
    content: field.text,
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["name", "dropIn"],
  places: (item) => [unitPath(item)],
  restores: () => "exactly",
  timeLimit: 60,
  observesMany: true,
  independent: true,
  variables: (item) => ({
    name: item.name,
    path: unitPath(item),
    mode: "0644",
    owner: "root",
    group: "root",
    validate: "",
  }),
  data: (item) => Buffer.from(item.content, "utf8"),
  desired: (item) =>
    `file mode=0644 owner=root:root sha256=${createHash("sha256").update(item.content, "utf8").digest("hex")}`,
  endangersLogin: (item) => isLoginPath(unitPath(item)),
  secretFields: ["content"],
};
