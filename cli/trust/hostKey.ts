import { homedir } from "node:os";
import { execa } from "execa";
import { GroundworkError } from "../../errors/index.ts";
import { sshPinned } from "./pinnedSsh.ts";
import { strongestKey } from "./pins.ts";

/** What is needed to ask a host for its key. */
export interface AskedHost {
  address: string;
  port?: number;
}

/** A pinned host through which another one is asked. */
export interface Hop extends AskedHost {
  user?: string;
  privateKeyFile?: string;
  hostKey: string;
}

const types = "ed25519,ecdsa,rsa";

/** The host key that a host offers, asked from here or from its bastion. Errors: GW201. */
export async function offeredHostKey({ address, port = 22 }: AskedHost, hop?: Hop): Promise<string> {
  const words = ["ssh-keyscan", "-T", "10", "-p", String(port), "-t", types, address];
  const printed = hop === undefined ? await scanned(words) : await scannedFrom(hop, words);
  const key = strongestKey(printed);
  if (key !== undefined) return key;
  throw new GroundworkError("GW201", {
    where: address,
    what: `no SSH server answers on port ${port}${hop === undefined ? "" : ` when asked from ${hop.address}`}`,
  });
}

async function scanned([program = "", ...words]: string[]): Promise<string> {
  return (await execa(program, words, { reject: false })).stdout ?? "";
}

async function scannedFrom(
  { address, port, user, privateKeyFile, hostKey }: Hop,
  words: string[],
): Promise<string> {
  return sshPinned(
    { address, port, user, hostKey, keyFile: privateKeyFile?.replace(/^~\//, `${homedir()}/`) },
    // The schema lets no character through that a shell would read in another way.
    async (args) => (await execa("ssh", [...args, "--", ...words], { reject: false })).stdout ?? "",
  );
}
