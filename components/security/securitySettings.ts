import { z } from "zod";
import { fields, network } from "../../provider/index.ts";
import type { Machine } from "../machine.ts";
import type { StreamArgs } from "../stream.ts";
import type { AuthorityBackup } from "./certificates.ts";
import type { TimeSync } from "./timeSync.ts";

/** Who may log in, from where, and how. */
export interface SshArgs {
  /** Networks in CIDR form that may log in over SSH. Default everywhere: `0.0.0.0/0` and `::/0`. */
  sources?: string[];
  /** TCP port on which sshd listens, 1 to 65535. Default: each machine's connection port. */
  port?: number;
  /** Whether root may log in with a key. Default `prohibit-password`: with a key and nothing else. */
  rootLogin?: "prohibit-password" | "no";
  /** Users who may log in; the connection's own user must be among them. Default: all who have a key. */
  allowUsers?: string[];
  /** Attempts per connection, 1 to 10. Default 3. */
  maxAuthTries?: number;
}

/** How much the journal may keep. */
export interface JournalArgs {
  /** Most disk space in MiB, at least 16. Default 2048. */
  maxUseMiB?: number;
  /** Lines that one service may log in 30 seconds, at least 1. Default 10000. */
  burst?: number;
}

export interface SecurityBaselineArgs extends StreamArgs {
  /** The machines to secure, at least one, with unique names. */
  machines: Machine[];
  /** Name of the machine that holds the certificate authority. Default: the first one. */
  authorityMachine?: string;
  /** An authority to go on with, from `SecurityBaseline.authorityBackup`. Default: a new one is made. */
  authorityBackup?: AuthorityBackup;
  /** SSH. Default: keys only, from everywhere. */
  ssh?: SshArgs;
  /** Limits of the journal. */
  journal?: JournalArgs;
  /** Set kernel settings outside `net.*`; a container cannot, its host has to. Default true. */
  kernelSysctls?: boolean;
  /** Who keeps the clock; `existing` leaves the time service that is there. Default `systemd-timesyncd`. */
  timeSync?: TimeSync;
  /** TCP port that no stream declares, on which the firewall is tried, 1024 to 65535. Default 47113. */
  undeclaredPort?: number;
}

/** {@link SshArgs}, and their defaults. */
export const sshSettings = z
  .strictObject({
    sources: z
      .array(network)
      .min(1, { error: "must hold at least one network, or nobody could log in" })
      .default(["0.0.0.0/0", "::/0"]),
    port: z.number().int().min(1).max(65535).optional(),
    rootLogin: z.enum(["prohibit-password", "no"]).default("prohibit-password"),
    allowUsers: z.array(fields.account).default([]),
    maxAuthTries: z.number().int().min(1).max(10).default(3),
  })
  .meta({ id: "SshArgs" });
export type SshSettings = z.infer<typeof sshSettings>;

/** {@link JournalArgs}, and their defaults. */
export const journalSettings = z
  .strictObject({
    maxUseMiB: z.number().int().min(16).default(2048),
    burst: z.number().int().min(1).default(10_000),
  })
  .meta({ id: "JournalArgs" });
export type JournalSettings = z.infer<typeof journalSettings>;

/** Checks what is plain among the arguments and fills in defaults. */
export const securitySettings = z.object({
  machines: z
    .array(z.object({ name: z.string() }).loose())
    .min(1, { error: "must hold at least one machine" })
    .refine((machines) => new Set(machines.map(({ name }) => name)).size === machines.length, {
      error: "must not hold a name twice",
    }),
  authorityMachine: z.string().optional(),
  ssh: sshSettings.prefault({}),
  journal: journalSettings.prefault({}),
  kernelSysctls: z.boolean().default(true),
  timeSync: z.enum(["systemd-timesyncd", "existing"]).default("systemd-timesyncd"),
  undeclaredPort: z.number().int().min(1024).max(65535).default(47_113),
});

/** The arguments that are plain values, with their defaults. */
export type SecuritySettings = z.infer<typeof securitySettings>;
