import { z } from "zod";
import {
  type ClusterSettingsArgs,
  type PrometheusArgs,
  prometheusSettings,
  type SecurityBaselineArgs,
  type ServerOptions,
  securitySettings,
  serverSettings,
} from "../../components/settings.ts";
import { localFile } from "./localFile.ts";

/** What every stream can be told. */
export interface StreamSettings {
  /** Whether the stream is part of the stack. Default true. */
  enabled: boolean;
  /** Reasons by check name, for checks that cannot be tried here: they may skip, not fail. They stand in every summary. Default none. */
  waivers: Record<string, string>;
}

/** Alpha: sshd, firewall, certificates, kernel settings, updates, time, journal. */
export interface AlphaSettings
  extends StreamSettings,
    Required<Pick<SecurityBaselineArgs, "ssh" | "journal" | "timeSync" | "kernelSysctls">> {
  /** File on this computer with the output `authorityBackup` of a stack, whose authority the machines go on with. Default: a new authority is made. */
  authorityBackupFile?: string;
}

/** Charlie: metrics of every machine, gathered by one. */
export interface CharlieSettings
  extends StreamSettings,
    Required<Pick<PrometheusArgs, "intervalSeconds" | "retentionDays" | "retentionMiB">> {}

/** Delta: a Kubernetes cluster. Where there are lab machines, swap and cgroup v1 are this computer's and allowed. */
export interface DeltaSettings
  extends StreamSettings,
    Required<Pick<ServerOptions, "apiSources" | "certificateNames" | "runWorkloads">>,
    Required<Pick<ClusterSettingsArgs, "dnsDomain" | "allowSwap" | "allowCgroupV1">> {}

/** All streams by their team's name. */
export interface StreamsSettings {
  /** Security baseline. Everything else stands on it. */
  alpha: AlphaSettings;
  /** Container runtime. Needs alpha. */
  bravo: StreamSettings;
  /** Monitoring. Needs alpha. */
  charlie: CharlieSettings;
  /** Kubernetes. Needs alpha and bravo, waits for charlie where that is enabled. */
  delta: DeltaSettings;
}

export type StreamName = keyof StreamsSettings;

/** Streams that go before a stream, behind whose gates it stands. */
export interface Earlier {
  /** It cannot be without them: none of them is left out while it is enabled. */
  needs: StreamName[];
  /** It waits for them where they are enabled, and does without where they are not. */
  follows: StreamName[];
}

/** The order of the plan. Delta begins after Bravo and Charlie, so that no cluster runs where nobody watches. */
export const earlierStreams: Record<StreamName, Earlier> = {
  alpha: { needs: [], follows: [] },
  bravo: { needs: ["alpha"], follows: [] },
  charlie: { needs: ["alpha"], follows: [] },
  delta: { needs: ["alpha", "bravo"], follows: ["charlie"] },
};

const common = {
  enabled: z.boolean().default(true),
  waivers: z.record(z.string(), z.string().min(1, { error: "must be a reason" })).default({}),
};

const alpha = z
  .strictObject({
    ...common,
    ...securitySettings.pick({ ssh: true, journal: true, timeSync: true, kernelSysctls: true }).shape,
    authorityBackupFile: localFile.optional(),
  })
  .meta({ id: "AlphaSettings" }) satisfies z.ZodType<AlphaSettings>;

const bravo = z.strictObject(common).meta({ id: "StreamSettings" }) satisfies z.ZodType<StreamSettings>;

const charlie = z
  .strictObject({
    ...common,
    ...prometheusSettings.pick({ intervalSeconds: true, retentionDays: true, retentionMiB: true }).shape,
  })
  .meta({ id: "CharlieSettings" }) satisfies z.ZodType<CharlieSettings>;

const delta = z
  .strictObject({
    ...common,
    ...serverSettings.pick({
      apiSources: true,
      certificateNames: true,
      dnsDomain: true,
      runWorkloads: true,
      allowSwap: true,
      allowCgroupV1: true,
    }).shape,
  })
  .meta({ id: "DeltaSettings" }) satisfies z.ZodType<DeltaSettings>;

/** The schema of each stream's settings. */
export const streamSchemas = { alpha, bravo, charlie, delta };

/** An absent section is an empty one: its own defaults fill it. */
export const streams = z
  .strictObject({
    alpha: alpha.prefault({}),
    bravo: bravo.prefault({}),
    charlie: charlie.prefault({}),
    delta: delta.prefault({}),
  })
  .meta({ id: "StreamsSettings" }) satisfies z.ZodType<StreamsSettings>;
