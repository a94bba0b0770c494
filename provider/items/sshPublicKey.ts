import { createHash } from "node:crypto";

/** How many strings of RFC 4251 follow the type in a key's bytes, and what they hold. */
const shapes: Readonly<Record<string, (parts: Buffer[]) => boolean>> = {
  "ssh-ed25519": ([point, ...rest]) => point?.length === 32 && rest.length === 0,
  "ssh-rsa": ([exponent, modulus, ...rest]) =>
    exponent !== undefined && modulus !== undefined && bitsOf(modulus) >= 2048 && rest.length === 0,
  "ecdsa-sha2-nistp256": (parts) => isPoint(parts, "nistp256", 32),
  "ecdsa-sha2-nistp384": (parts) => isPoint(parts, "nistp384", 48),
  "ecdsa-sha2-nistp521": (parts) => isPoint(parts, "nistp521", 66),
  "sk-ssh-ed25519@openssh.com": ([point, application, ...rest]) =>
    point?.length === 32 && application !== undefined && rest.length === 0,
  "sk-ecdsa-sha2-nistp256@openssh.com": (parts) =>
    parts.length === 3 && isPoint(parts.slice(0, 2), "nistp256", 32),
};

/** Types that OpenSSH of the supported systems accepts by default. */
export const keyTypes: readonly string[] = Object.keys(shapes);

/** True for `TYPE BASE64` whose bytes are a whole key of that type; RSA from 2048 bits on. */
export function isPublicKey(text: string): boolean {
  const [type = "", base64 = "", ...rest] = text.split(" ");
  const shape = Object.hasOwn(shapes, type) ? shapes[type] : undefined;
  const blob = Buffer.from(base64, "base64");
  // Base64 that a lenient reader passes over would be another line on the machine.
  if (shape === undefined || rest.length > 0 || blob.toString("base64") !== base64) return false;
  const [named, ...parts] = stringsOf(blob) ?? [];
  return named?.toString("latin1") === type && shape(parts);
}

/** `SHA256:…` as `ssh-keygen -l` prints it; undefined for what is no public key. */
export function fingerprint(text: string): string | undefined {
  if (!isPublicKey(text)) return undefined;
  const blob = Buffer.from(text.split(" ")[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** The strings of RFC 4251, section 5; undefined when they do not fill the bytes. */
function stringsOf(bytes: Buffer): Buffer[] | undefined {
  const found: Buffer[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (offset + 4 > bytes.length) return undefined;
    const end = offset + 4 + bytes.readUInt32BE(offset);
    if (end > bytes.length) return undefined;
    found.push(bytes.subarray(offset + 4, end));
    offset = end;
  }
  return found;
}

/** An uncompressed point of a named curve. */
function isPoint([curve, point, ...rest]: Buffer[], name: string, size: number): boolean {
  return (
    curve?.toString("latin1") === name &&
    point?.length === 1 + 2 * size &&
    point[0] === 4 &&
    rest.length === 0
  );
}

/** Length of a number whose first byte may be a zero for the sign. */
function bitsOf(number: Buffer): number {
  return number.toString("hex").replace(/^0+/, "").length * 4;
}
