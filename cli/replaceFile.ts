import { open, realpath, rename, rm, stat } from "node:fs/promises";

/**
 * Replaces what a file holds so that a reader, or a power cut, finds the old text or the new one. Mode and owner stay;
 * a link to it stays one.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path);
  const { mode, uid, gid } = await stat(target);
  const draft = `${target}.${process.pid}.new`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(text);
    // Only root may give a file away, and only root has to.
    await file.chown(uid, gid).catch(() => undefined);
    await file.chmod(mode & 0o7777);
    await file.sync();
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
