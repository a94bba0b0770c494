import { spawnSync } from "node:child_process";

/** How a shell script or a program ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  /** Both outputs. */
  said: string;
}

/** Runs a program to its end. */
export function run(command: string, args: string[], input = ""): Ended {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, encoding: "utf8" });
  if (error !== undefined) throw error;
  return { code: status, stdout, said: `${stdout}${stderr}` };
}

/** Runs a POSIX shell script, in Debian's own `sh`, with `input` on its standard input. */
export const sh = (script: string, input = ""): Ended => run("dash", ["-c", script], input);

/** Runs a POSIX shell script in a network of its own, whose only interface is loopback. Needs root. */
export const shApart = (script: string): Ended =>
  run("unshare", ["--net", "dash", "-c", `ip link set lo up\n${script}`]);

/** What shellcheck finds in a POSIX shell script; empty when it finds nothing. */
export const shellcheck = (script: string): string => run("shellcheck", ["--shell=sh", "-"], script).said;
