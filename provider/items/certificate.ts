import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";
import { isLoginPath } from "./loginPaths.ts";

/**
 * A leaf certificate and its private key (ECDSA P-256). The key is made on the machine and never leaves it;
 * the signing request travels to the issuer as a ticket. From two thirds of its life on the certificate
 * counts as drift and is renewed. Restored exactly.
 */
export interface CertificateItem extends CommonItem {
  kind: "certificate";
  /** Folder that gets `NAME.crt` and `NAME.key`. */
  folder: string;
  /** File name without suffix. */
  name: string;
  /** Subject common name. */
  commonName: string;
  /** `DNS:name` and `IP:address` entries. */
  subjectAltNames: string[];
  /** Path of the authority's certificate on this machine; the leaf must verify against it. */
  authority: string;
  /** HostState's ticket that signs the request. */
  ticket: string;
  /** User and group that may read the key. Default `root`. */
  owner?: string;
  /** Days that the certificate lives; renewed when less than a third is left. Default 365. */
  days?: number;
}

export const certificate: ItemKind<CertificateItem> = {
  kind: "certificate",
  schema: z.strictObject({
    kind: z.literal("certificate"),
    folder: field.path,
    name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,199}$/, {
      error: "must be a file name without suffix: at most 200 small letters, digits, dots and dashes",
    }),
    commonName: z.string().regex(/^[A-Za-z0-9.:_ -]{1,64}$/, {
      error: "must be at most 64 letters, digits, dots, dashes, colons and spaces",
    }),
    subjectAltNames: z
      .array(z.string().regex(/^(DNS|IP):[A-Za-z0-9.:*-]+$/, { error: "must be `DNS:name` or `IP:address`" }))
      .min(1),
    authority: field.path,
    ticket: field.ticket,
    owner: field.account.optional(),
    days: z.number().int().min(1).max(3650).optional(),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["folder", "name"],
  places: ({ folder, name }) => [`${folder}/${name}.crt`, `${folder}/${name}.key`],
  restores: () => "exactly",
  timeLimit: 30,
  variables: (item) => ({
    path: `${item.folder}/${item.name}`,
    common_name: item.commonName,
    alt_names: item.subjectAltNames.join(","),
    authority: item.authority,
    owner: item.owner ?? "root",
    days: String(item.days ?? 365),
  }),
  steering: (item) => ({ request_on: `file:${item.authority}` }),
  desired: () => "valid",
  endangersLogin: (item) => isLoginPath(`${item.folder}/${item.name}.crt`),
  ticket: (item) => item.ticket,
};
