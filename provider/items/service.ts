import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";
import { isLoginUnit } from "./loginPaths.ts";

/** The state of a systemd unit. It is restarted or reloaded when, and only when, something it depends on changed. Restored to an equivalent state. */
export interface ServiceItem extends CommonItem {
  kind: "service";
  /** Unit with its suffix: `ssh.service`; of a template one instance: `getty@tty1.service`. */
  unit: string;
  /** Started at boot. Default true, for a masked unit false. */
  enabled?: boolean;
  /** Running now; for a oneshot unit without RemainAfterExit use a timer and false. Default true, for a masked unit false. */
  running?: boolean;
  /** Kept from being started by anybody, whether the unit is there or not. Default false. */
  masked?: boolean;
  /** Keys of items of the same HostState whose change restarts it, be it by another stream that wants the same and was earlier. */
  restartOn?: string[];
  /** Keys of items of the same HostState whose change reloads it. */
  reloadOn?: string[];
}

/** How its links are wanted, in the word that the shell functions use. */
const enablement = ({ masked, enabled }: ServiceItem): "masked" | "yes" | "no" =>
  masked ? "masked" : (enabled ?? true) ? "yes" : "no";

const running = ({ masked, running }: ServiceItem): "yes" | "no" => ((running ?? !masked) ? "yes" : "no");

export const service: ItemKind<ServiceItem> = {
  kind: "service",
  schema: z
    .strictObject({
      kind: z.literal("service"),
      unit: field.unit.refine((name) => !/@\.[a-z]+$/.test(name), {
        error: "must name an instance of the template, such as `getty@tty1.service`",
      }),
      enabled: z.boolean().optional(),
      running: z.boolean().optional(),
      masked: z.boolean().optional(),
      restartOn: z.array(field.key).optional(),
      reloadOn: z.array(field.key).optional(),
      timeLimit: field.timeLimit,
    })
    .refine((item) => !item.masked || !(item.enabled || item.running), {
      error: "must not be enabled or running: nobody can start a masked unit",
      path: ["masked"],
    }),
  subjectFields: ["unit"],
  restores: () => "equivalent",
  timeLimit: 120,
  waitsFor: ["restartOn", "reloadOn"],
  observesMany: true,
  variables: (item) => ({
    unit: item.unit,
    enabled: enablement(item),
    running: running(item),
  }),
  steering: (item) => ({
    restart_on: (item.restartOn ?? []).join("\n"),
    reload_on: (item.reloadOn ?? []).join("\n"),
  }),
  desired: (item) => `enabled=${enablement(item)} running=${running(item)}`,
  endangersLogin: (item) => isLoginUnit(item.unit),
};
