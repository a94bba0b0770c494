import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Connection } from "../../provider/index.ts";
import { hostKeyOf } from "../support/hostKey.ts";

/** Machines that are not there, and an `ssh` that answers as if they were. */
export interface SimulatedMachines {
  connections: Connection[];
  /** Takes the stand-in away from the PATH of this process. */
  close(): Promise<void>;
}

/**
 * Stands in for OpenSSH and for the machine behind it: logs in, takes the program to its last line, works for a while,
 * and reports `items` changes, or none where it is only read. The stand-in of the tests starts Node for each command:
 * with hundreds of machines that would be what is measured.
 */
const standIn = (items: number, secondsOfWork: number): string => `#!/bin/sh
case "$*" in
*' -O check '*) echo 'Master running (pid=1)' >&2 ;;
*' -O exit '*) rm -f "$(sed -n 's/^  ControlPath //p' "$2")" ;;
*' -f -N '*) : >"$(sed -n 's/^  ControlPath //p' "$2")" ;;
*systemd-run* | *'exec 3>&1'*)
  program=$(tail -n 1)
  sleep ${secondsOfWork}
  echo 'machine 0123456789abcdef0123456789abcdef'
  case $program in
  'gw_main apply END')
    seq -f 'changed %g absent' ${items}
    echo 'check c1 pass 0 '
    echo committed ;;
  esac
  echo 'end ok' ;;
esac
`;

/** Puts the stand-in before the real `ssh` on the PATH of this process until it is closed. */
export async function simulateMachines(
  count: number,
  { items, secondsOfWork }: { items: number; secondsOfWork: number },
): Promise<SimulatedMachines> {
  const folder = await mkdtemp(join(tmpdir(), "groundwork-simulated-"));
  await writeFile(join(folder, "ssh"), standIn(items, secondsOfWork));
  await chmod(join(folder, "ssh"), 0o755);
  const { PATH } = process.env;
  process.env.PATH = `${folder}${delimiter}${PATH}`;
  return {
    connections: Array.from({ length: count }, (_, index) => ({
      name: `m${index + 1}`,
      address: "192.0.2.1",
      hostKey: hostKeyOf(`m${index + 1}`),
    })),
    async close() {
      process.env.PATH = PATH;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
