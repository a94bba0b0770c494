import { z } from "zod";
import type { Architecture } from "../../components/settings.ts";
import { type LabRelease, labReleases } from "../../lab/spec.ts";
import { fields, hostKey } from "../../provider/index.ts";
import { hostAddress, ipv4Address, ipv6Address } from "./hostAddress.ts";
import { localFile } from "./localFile.ts";

/** What a machine is for. `server` and `agent` are mutually exclusive. */
export type Role = "server" | "agent" | "monitoring";

/** A machine that is made on this computer; needs root on Linux. */
export interface LabMachineSettings {
  /** What it is for: `server` (control plane), `agent` (runs pods only), `monitoring` (Prometheus). */
  roles: Role[];
  /** IPv4 address inside `network.subnet`. Default: derived from the machine's name alone, so that no other machine can move it. */
  address?: string;
  /** Size of its disk in GiB; the image takes only what is written. Default 20. */
  diskGiB: number;
  /** Debian release. Default `bookworm`. */
  release: LabRelease;
}

/** How to reach a host through which a machine is reached (ProxyJump). */
export interface BastionSettings {
  /** IPv4, IPv6 or DNS name. */
  address: string;
  /** TCP port of its sshd. Default 22. */
  port: number;
  /** Login user. Default `root`. */
  user: string;
  /** Private key on this computer, absolute or starting with `~/`. Default: OpenSSH's agent and own keys. */
  privateKeyFile?: string;
  /** Pinned public host key, `ssh-ed25519 AAAA…`. Required; `./groundwork trust MACHINE` shows and writes it. */
  hostKey?: string;
}

/** A machine that is there already: any host with sshd. */
export interface ExistingMachineSettings extends BastionSettings {
  /** What it is for: `server` (control plane), `agent` (runs pods only), `monitoring` (Prometheus). */
  roles: Role[];
  /** Processor architecture. Default `amd64`. */
  architecture: Architecture;
  /** IPv4 address by which the machines reach each other. Default: `address`; required where that is no IPv4 address. */
  internalAddress?: string;
  /** IPv6 address by which the machines reach each other. Default: none. */
  internalAddress6?: string;
  /** Host through which the machine is reached. Default: none. */
  bastion?: BastionSettings;
}

/** One machine: either made here or already there. */
export type MachineSettings = { lab: LabMachineSettings } | { existing: ExistingMachineSettings };

/** The Debian release of a machine's programs in the lab's images; a machine that is there already gets Debian 12's. */
export const releaseOf = (machine: MachineSettings): LabRelease =>
  "lab" in machine ? machine.lab.release : "bookworm";

const roles = z.array(z.enum(["server", "agent", "monitoring"])).min(1);

const login = {
  address: hostAddress,
  port: z.number().int().min(1).max(65535).default(22),
  user: fields.account.default("root"),
  privateKeyFile: localFile.optional(),
  hostKey: hostKey.optional(),
};

export const labMachine = z
  .strictObject({
    roles,
    address: ipv4Address.optional(),
    diskGiB: z.number().min(4).max(1024).default(20),
    release: z.enum(labReleases).default("bookworm"),
  })
  .meta({ id: "LabMachineSettings" }) satisfies z.ZodType<LabMachineSettings>;

export const bastion = z
  .strictObject(login)
  .meta({ id: "BastionSettings" }) satisfies z.ZodType<BastionSettings>;

export const existingMachine = z
  .strictObject({
    ...login,
    roles,
    architecture: z.enum(["amd64", "arm64"]).default("amd64"),
    internalAddress: ipv4Address.optional(),
    internalAddress6: ipv6Address.optional(),
    bastion: bastion.optional(),
  })
  .meta({ id: "ExistingMachineSettings" }) satisfies z.ZodType<ExistingMachineSettings>;

/** Two optional fields instead of a union, so that a mistake inside one is named exactly. */
export const machine = z
  .strictObject({ lab: labMachine.optional(), existing: existingMachine.optional() })
  .refine((entry) => (entry.lab === undefined) !== (entry.existing === undefined), {
    error: "must hold exactly one of `lab` and `existing`",
    // Whatever else is wrong with the entry.
    when: ({ value }) => typeof value === "object" && value !== null,
  }) as unknown as z.ZodType<MachineSettings>;

export const machineName = /^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$/;

export const machines = z
  .record(
    z.string().regex(machineName, {
      error:
        "must be a name of at most 31 lower-case letters, digits and inner dashes that starts with a letter",
    }),
    machine,
  )
  .refine((all) => Object.keys(all).length > 0, { error: "must hold at least one machine" });
