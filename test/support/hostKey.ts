import { createHash } from "node:crypto";

/** A public key as a machine's sshd has it, another one for each name; nobody holds its private half. */
export function hostKeyOf(name: string): string {
  const type = "ssh-ed25519";
  const point = createHash("sha256").update(name).digest();
  const fields = [Buffer.from(type), point].flatMap((field) => [Buffer.from([0, 0, 0, field.length]), field]);
  return `${type} ${Buffer.concat(fields).toString("base64")}`;
}
