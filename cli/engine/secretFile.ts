import { randomBytes } from "node:crypto";
import { chmod, link, mkdir, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a file that only this user may read, unless it is there. Two runs at once agree on one content: it appears
 * whole under its name or not at all.
 */
export async function ensureSecretFile(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await writeFile(draft, content, { mode: 0o600, flag: "wx" });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    await chmod(path, 0o600);
  } finally {
    await unlink(draft);
  }
}

/** A passphrase nobody can guess. */
export const newPassphrase = (): string => randomBytes(32).toString("base64url");
