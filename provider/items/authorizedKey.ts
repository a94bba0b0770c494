import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";
import { fingerprint, isPublicKey, keyTypes } from "./sshPublicKey.ts";

/**
 * One public key with which a user may log in: a line of `~/.ssh/authorized_keys`. Folder and file are made, and kept,
 * as sshd's StrictModes wants them; all other lines stay as they are. Restored exactly. sshd(8), AUTHORIZED_KEYS FILE
 * FORMAT
 */
export interface AuthorizedKeyItem extends CommonItem {
  kind: "authorizedKey";
  /** The user, who has to be there and have a home. */
  user: string;
  /** Type and base64 of the public key, `ssh-ed25519 AAAA…`; RSA from 2048 bits on. */
  key: string;
  /** Text at the end of the line: whose key it is. Default: none. */
  comment?: string;
  /** Options as the file has them: `restrict`, `from="10.0.0.0/8"`. Default: none. */
  options?: string[];
}

const flags = new Set([
  "agent-forwarding",
  "cert-authority",
  "no-agent-forwarding",
  "no-port-forwarding",
  "no-pty",
  "no-touch-required",
  "no-user-rc",
  "no-x11-forwarding",
  "port-forwarding",
  "pty",
  "restrict",
  "user-rc",
  "verify-required",
  "x11-forwarding",
]);

const forward = /^([^\s:,]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5}|\*)$/;

/** What the value of an option may be. */
const values: Readonly<Record<string, RegExp>> = {
  command: /./,
  environment: /^[A-Za-z0-9_]+=/,
  "expiry-time": /^\d{8}(\d{4}(\d{2})?)?Z?$/,
  from: /^[^\s]+$/,
  permitlisten: /^(([^\s:,]+|\[[0-9A-Fa-f:.]+\]):)?(\d{1,5}|\*)$/,
  permitopen: forward,
  principals: /^[^\s]+$/,
  tunnel: /^(\d+|any)$/,
};

/** Options that sshd takes once; a second one makes it refuse the line. */
const once = new Set(["command", "expiry-time", "from", "principals", "tunnel"]);

const nameOf = (option: string): string => option.split("=", 1)[0]?.toLowerCase() ?? "";

/** sshd refuses a line with an option that it does not know. */
function isOption(option: string): boolean {
  const name = nameOf(option);
  if (!option.includes("=")) return flags.has(name);
  const value = /^[^=]+="((?:\\"|[^"\\]|\\(?!"))*)"$/.exec(option)?.[1];
  return value !== undefined && Object.hasOwn(values, name) && (values[name]?.test(value) ?? false);
}

function isSet(options: string[]): boolean {
  const names = options.map(nameOf);
  const repeated = names.some((name, index) => once.has(name) && names.indexOf(name) !== index);
  return !repeated && (!names.includes("principals") || names.includes("cert-authority"));
}

/** The line, with `key` in the place of the key. */
function lineWith(item: AuthorizedKeyItem, key: string): string {
  return [item.options?.join(","), key, item.comment].filter((part) => part).join(" ");
}

/** Type without the key's bytes: the machine shows the line so. */
const typeOf = (item: AuthorizedKeyItem): string => item.key.split(" ")[0] ?? "";

export const authorizedKey: ItemKind<AuthorizedKeyItem> = {
  kind: "authorizedKey",
  schema: z.strictObject({
    kind: z.literal("authorizedKey"),
    user: field.account,
    key: z
      .string()
      // A private key that was taken for its public half must not be shown.
      .refine((key) => !key.includes("PRIVATE KEY"), { error: "must be a public key", abort: true })
      .refine(isPublicKey, {
        error: `must be a whole public key \`TYPE BASE64\` of type ${keyTypes.join(", ")}; comment and options have fields of their own`,
      }),
    comment: field.line
      .refine((text) => text === text.trim() && text !== "", {
        error: "must be text without blanks around it",
      })
      .optional(),
    options: z
      .array(
        field.line.refine(isOption, {
          error: 'must be an option of authorized_keys such as `restrict` or `from="10.0.0.0/8"`',
        }),
      )
      .refine(isSet, {
        error: `must name ${[...once].join(", ")} once each, and principals with cert-authority only`,
      })
      .optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["user", "key"],
  subject: (item) => `${item.user} ${fingerprint(String(item.key)) ?? item.key}`,
  restores: () => "exactly",
  timeLimit: 30,
  observesMany: true,
  variables: (item) => ({ user: item.user, key: item.key, line: lineWith(item, item.key) }),
  desired: (item) => `line=${lineWith(item, typeOf(item))}`,
  endangersLogin: () => true,
};
