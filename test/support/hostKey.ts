import { createHash } from "node:crypto";

/** A public key as a machine's sshd has it, another one for each name; nobody holds its private half. */
export function hostKeyOf(name: string): string {
  return encoded("ssh-ed25519", createHash("sha256").update(name).digest());
}

/** Another one of the same machine, of RSA with 2048 bits. */
export function rsaHostKeyOf(name: string): string {
  const modulus = Buffer.alloc(257, createHash("sha256").update(name).digest());
  modulus.set([0, 0x80]);
  return encoded("ssh-rsa", Buffer.from([1, 0, 1]), modulus);
}

function encoded(type: string, ...numbers: Buffer[]): string {
  const fields = [Buffer.from(type), ...numbers].flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  });
  return `${type} ${Buffer.concat(fields).toString("base64")}`;
}
