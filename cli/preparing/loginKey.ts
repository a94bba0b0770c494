import { access, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";

/** Makes an ed25519 key pair at `path` and `path.pub`, readable by this user only, unless it is there. */
export async function ensureLoginKey(path: string): Promise<void> {
  if (await isThere(path)) return;
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = await mkdtemp(join(folder, "draft-"));
  try {
    await execa("ssh-keygen", [
      "-q",
      "-t",
      "ed25519",
      "-N",
      "",
      "-C",
      "groundwork",
      "-f",
      join(draft, "key"),
    ]);
    // The private half comes last: it says that both are there.
    await rename(join(draft, "key.pub"), `${path}.pub`);
    await rename(join(draft, "key"), path);
  } finally {
    await rm(draft, { recursive: true });
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
