import { createHash, X509Certificate } from "node:crypto";
import { z } from "zod";
import * as field from "./fields.ts";
import type { CommonItem, ItemKind } from "./kind.ts";

/**
 * A certificate authority that the whole machine trusts: its file under `/usr/local/share/ca-certificates`, its place
 * in `/etc/ssl/certs` and in the bundle there. Needs the package ca-certificates. Restored exactly.
 * update-ca-certificates(8)
 */
export interface TrustedCertificateItem extends CommonItem {
  kind: "trustedCertificate";
  /** File name without suffix: `example-ca`. */
  name: string;
  /** The authority's certificate in PEM form: one block, nothing else. */
  certificate: string;
}

const block = /^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/;

/** The certificate that a text is, if it is one. */
function parsed(text: string): X509Certificate | undefined {
  if (!block.test(text)) return undefined;
  try {
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}

/** The same certificate in lines of 64 characters, however it was given. */
function pemOf({ certificate }: TrustedCertificateItem): string {
  const encoded = (parsed(certificate)?.raw ?? Buffer.of()).toString("base64");
  return `-----BEGIN CERTIFICATE-----\n${encoded.replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`;
}

/** The last full line, which holds a part of the signature: no other certificate has it. */
function markOf(item: TrustedCertificateItem): string {
  return (
    pemOf(item)
      .split("\n")
      .findLast((line) => line.length === 64) ?? ""
  );
}

export const trustedCertificate: ItemKind<TrustedCertificateItem> = {
  kind: "trustedCertificate",
  schema: z.strictObject({
    kind: z.literal("trustedCertificate"),
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, {
      error: "must be a file name without suffix: letters, digits, dots, dashes",
    }),
    certificate: field.text
      .refine((value) => parsed(value) !== undefined, {
        error: "must be one certificate in PEM form, and nothing else",
      })
      .refine((value) => parsed(value)?.ca !== false, {
        error: "must be the certificate of an authority (basicConstraints CA:TRUE)",
      }),
    timeLimit: field.timeLimit,
  }),
  subjectFields: ["name"],
  places: ({ name }) => [`/usr/local/share/ca-certificates/${name}.crt`],
  restores: () => "exactly",
  timeLimit: 120,
  independent: true,
  variables: (item) => ({
    name: item.name,
    path: `/usr/local/share/ca-certificates/${item.name}.crt`,
    mode: "0644",
    owner: "root",
    group: "root",
    validate: "",
    mark: markOf(item),
  }),
  data: (item) => Buffer.from(pemOf(item)),
  desired: (item) => `sha256=${createHash("sha256").update(pemOf(item)).digest("hex")} trusted=yes`,
  endangersLogin: () => false,
};
