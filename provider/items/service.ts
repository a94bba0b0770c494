import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/** The state of a systemd unit. It is restarted or reloaded when, and only when, something it depends on changed. Restored to an equivalent state. */
export interface ServiceItem extends CommonItem {
  kind: "service";
  /** Unit with its suffix: `ssh.service`. */
  unit: string;
  /** Started at boot. Default true. */
  enabled?: boolean;
  /** Running now; for a oneshot unit without RemainAfterExit leave it out and use a timer. Default true. */
  running?: boolean;
  /** Keys of items of the same HostState whose change restarts it. */
  restartOn?: string[];
  /** Keys of items of the same HostState whose change reloads it. */
  reloadOn?: string[];
}

const loginUnits = new Set(["ssh.service", "ssh.socket", "sshd.service", "systemd-networkd.service"]);

export const service: ItemKind<ServiceItem> = {
  kind: "service",
  schema: z.strictObject({
    kind: z.literal("service"),
    unit: field.unit,
    enabled: z.boolean().optional(),
    running: z.boolean().optional(),
    restartOn: z.array(field.key).optional(),
    reloadOn: z.array(field.key).optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["unit"],
  restores: () => "equivalent",
  timeLimit: 120,
  variables: (item) => ({
    unit: item.unit,
    enabled: (item.enabled ?? true) ? "yes" : "no",
    running: (item.running ?? true) ? "yes" : "no",
  }),
  steering: (item) => ({
    restart_on: (item.restartOn ?? []).join("\n"),
    reload_on: (item.reloadOn ?? []).join("\n"),
  }),
  desired: (item) =>
    `enabled=${(item.enabled ?? true) ? "yes" : "no"} running=${(item.running ?? true) ? "yes" : "no"}`,
  endangersLogin: (item) => loginUnits.has(item.unit),
};
