import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

/** A login that accepts one host key only. */
export interface SshLogin {
  address: string;
  /** Default 22. */
  port?: number;
  /** Default `root`. */
  user?: string;
  /** Pinned public host key. */
  hostKey: string;
  /** Private key on this computer. Default: OpenSSH's agent and own keys. */
  keyFile?: string;
}

/** Runs `use` with the arguments of ssh(1) for a login; what they name goes away afterwards. */
export async function sshPinned<T>(login: SshLogin, use: (args: string[]) => Promise<T>): Promise<T> {
  const { address, port = 22, user = "root", hostKey, keyFile } = login;
  const folder = await mkdtemp(join(tmpdir(), "groundwork-"));
  const knownHosts = join(folder, "known_hosts");
  try {
    await writeFile(knownHosts, `groundwork ${hostKey}\n`, { mode: 0o600 });
    const options = [
      "HostKeyAlias=groundwork",
      `UserKnownHostsFile=${knownHosts}`,
      "GlobalKnownHostsFile=none",
      "StrictHostKeyChecking=yes",
      "UpdateHostKeys=no",
      ...(keyFile === undefined ? [] : ["IdentitiesOnly=yes", `IdentityFile=${keyFile}`]),
    ].flatMap((option) => ["-o", option]);
    return await use(["-F", "none", ...options, "-p", String(port), `${user}@${address}`]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * A shell, or a command as ssh(1) takes it (joined with spaces, read by the machine's shell), on this terminal;
 * its exit code.
 */
export async function sshHere(login: SshLogin, command: string[]): Promise<number> {
  const words = command.length === 0 ? [] : ["--", ...command];
  const { exitCode } = await sshPinned(login, (args) =>
    execa("ssh", [...args, ...words], { stdio: "inherit", reject: false }),
  );
  return exitCode ?? 255;
}
