import { readFileSync } from "node:fs";
import type { AuthorityBackup } from "../components/index.ts";
import { GroundworkError } from "../errors/index.ts";
import * as pulumi from "../pulumi.ts";
import { localPath } from "./configuration/localFile.ts";

/** A saved authority as one text: the certificate, then the key, both PEM. */
export function authorityBackupText({ certificate, key }: AuthorityBackup): pulumi.Output<string> {
  const text = pulumi.all([certificate, key]).apply((pair) => pair.map((pem) => `${pem.trim()}\n`).join(""));
  return pulumi.secret(text);
}

const certificates = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const keys = /-----BEGIN ((?:EC )?PRIVATE KEY)-----[^-]+-----END \1-----/g;

/** Reads what {@link authorityBackupText} wrote from a file of this computer. Errors: GW101, GW609. */
export function readAuthorityBackup(file: string): AuthorityBackup {
  const text = readText(file);
  const [certificate, ...otherCertificates] = text.match(certificates) ?? [];
  const [key, ...otherKeys] = text.match(keys) ?? [];
  if (certificate === undefined || key === undefined || otherCertificates.length + otherKeys.length > 0)
    throw new GroundworkError("GW101", {
      where: "streams.alpha.authorityBackupFile",
      what: `${file} must hold one certificate and one private key in PEM, as the output authorityBackup does`,
    });
  return { certificate, key: pulumi.secret(key) };
}

function readText(file: string): string {
  try {
    return readFileSync(localPath(file), "utf8");
  } catch (cause) {
    throw new GroundworkError("GW609", {
      where: "streams.alpha.authorityBackupFile",
      what: `${file} cannot be read`,
      mend: "Put the file there, or take the setting out: it is needed only where the authority is to come back",
      cause,
    });
  }
}
