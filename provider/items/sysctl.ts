import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/** A kernel setting: its drop-in under /etc/sysctl.d and its effective value. Restored exactly. sysctl.d(5) */
export interface SysctlItem extends CommonItem {
  kind: "sysctl";
  /** Dotted name, `net.ipv4.ip_forward`. */
  name: string;
  /** Value as the kernel prints it; several words are separated by one space. */
  value: string;
}

/** Its file below /proc/sys; forwarding of IPv4 has a second name. A slash in a name stands for a dot. */
function kernelPath({ name }: SysctlItem): string {
  const path = String(name).replace(/[./]/g, (sign) => (sign === "." ? "/" : "."));
  return `/proc/sys/${path === "net/ipv4/conf/all/forwarding" ? "net/ipv4/ip_forward" : path}`;
}

export const sysctl: ItemKind<SysctlItem> = {
  kind: "sysctl",
  schema: z.strictObject({
    kind: z.literal("sysctl"),
    // A slash stands for a dot: a part of slashes alone would be `.` or `..` below /proc/sys.
    name: z.string().regex(/^[a-z][a-z0-9_]*(\.[a-zA-Z0-9_-][a-zA-Z0-9_/-]*)+$/, {
      error: "must be a dotted name such as `net.ipv4.ip_forward`",
    }),
    value: field.line.refine((value) => value === value.trim() && value !== "" && !/\s\s|\t/.test(value), {
      error: "must be words separated by one space",
    }),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["name"],
  places: (item) => [kernelPath(item)],
  restores: () => "exactly",
  timeLimit: 10,
  observesMany: true,
  independent: true,
  variables: (item) => ({ name: item.name, value: item.value }),
  desired: (item) => `value=${item.value} boot=${item.value}`,
  // Of interfaces, routes and neighbours: addresses may go, and packets be dropped that come in another way.
  endangersLogin: (item) => /^net\.ipv[46]\.(conf|route|neigh)\./.test(item.name),
};
