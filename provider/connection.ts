import { z } from "zod";
import { isPublicKey } from "./items/sshPublicKey.ts";

/**
 * How to log in to a machine: everything OpenSSH needs and nothing it would have to guess.
 * Keys are named by path, so that no private key enters a program's inputs or state.
 */
export interface Connection {
  /** The machine's name in the program, used in messages, never for a look-up. */
  name: string;
  /** IPv4, IPv6 or DNS name. */
  address: string;
  /** TCP port of sshd. Default 22. */
  port?: number;
  /** Login user; anyone but root needs sudo without a password. Default `root`. */
  user?: string;
  /** Path of the private key on the computer that runs the program; without it OpenSSH's agent and defaults are used. */
  privateKeyFile?: string;
  /** Pinned public host key, `ssh-ed25519 AAAA…`, as in known_hosts(5) without the host. Required: there is no first contact without a pin. */
  hostKey: string;
  /** Reach the machine through this one (ProxyJump); it is pinned just the same. */
  bastion?: Connection;
}

/** A {@link Connection}'s pin. */
export const hostKey = z
  .string({
    error: "must be the machine's public host key such as `ssh-ed25519 AAAA…`: without it nobody is known",
  })
  .regex(/^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*$/, {
    error: "must be a public host key such as `ssh-ed25519 AAAA…`, without host name and comment",
    abort: true,
  })
  .refine(isPublicKey, {
    error: "must be a whole key of the type it names (RSA from 2048 bits on): it was cut short or mistyped",
  });

/** A {@link Connection}'s private key, by its path. */
export const privateKeyFile = z
  .string()
  .startsWith("/", { error: "must be an absolute path" })
  .refine((text) => text.isWellFormed(), { error: "must not hold a lone surrogate" })
  // What OpenSSH's configuration file would take for something else.
  .regex(/^[^\p{Cc}"$\\]*$/u, {
    error: "must not hold quotes, backslashes, dollar signs and control characters",
  });

const place = ({ address, port }: Connection): string => `${address} port ${port ?? 22}`;

/** True when the way to a machine leads through that machine. */
function jumpsToItself(own: Connection): boolean {
  for (let hop = own.bastion; hop !== undefined; hop = hop.bastion)
    if (place(hop) === place(own)) return true;
  return false;
}

/** Checks a {@link Connection}. */
export const connectionSchema: z.ZodType<Connection> = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, {
      error: "must be lower-case letters, digits and inner dashes",
    }),
    address: z
      .string()
      .min(1)
      .regex(/^[A-Za-z0-9._:%-]+$/, { error: "must be an IP address or a DNS name" })
      .refine((text) => !text.startsWith("-"), { error: "must not start with a dash" }),
    port: z.number().int().min(1).max(65535).optional(),
    user: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: "must be a user name of the machine" })
      .optional(),
    privateKeyFile: privateKeyFile.optional(),
    hostKey,
    get bastion() {
      return connectionSchema.optional();
    },
  })
  .refine((own) => !jumpsToItself(own), {
    path: ["bastion"],
    error: "must not lead to the machine itself: leave it out, or give the address and port of another one",
  });
