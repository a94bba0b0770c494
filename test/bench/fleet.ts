import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Connection } from "../../provider/index.ts";

/** The machines that a contestant brings to the specification, all at once. */
export interface Fleet {
  machines: Connection[];
  /** Holds the login key `id`; contestants put their files there. */
  folder: string;
}

/** known_hosts(5) with the pins of all machines. */
export async function writePins({ machines, folder }: Fleet): Promise<string> {
  const pins = join(folder, "bench_known_hosts");
  const host = ({ address, port = 22 }: Connection): string =>
    port === 22 ? address : `[${address}]:${port}`;
  await writeFile(pins, machines.map((machine) => `${host(machine)} ${machine.hostKey}\n`).join(""));
  return pins;
}

/** OpenSSH with the machines' pinned keys and nothing of the user's. */
export async function sshArguments(fleet: Fleet): Promise<string[]> {
  const options = [
    `UserKnownHostsFile=${await writePins(fleet)}`,
    "StrictHostKeyChecking=yes",
    "BatchMode=yes",
    "IdentitiesOnly=yes",
  ];
  return ["-F", "none", "-i", join(fleet.folder, "id"), ...options.flatMap((option) => ["-o", option])];
}
