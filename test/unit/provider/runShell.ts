import { spawn } from "node:child_process";

/** What a shell did with a program. */
export interface ShellResult {
  code: number | null;
  stdout: Buffer;
  stderr: string;
  /** What was written to file descriptor 3, where programs report. */
  report: string;
}

/** What a command line begins with so that root becomes the user nobody first. */
export const asOrdinaryUser: readonly string[] =
  process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];

/**
 * Runs a program in Debian's `sh` (dash), which reads it from its standard input as a machine would. As root it
 * becomes the user nobody first: a program under test must not be able to change this computer.
 */
export function runShell(program: string | Buffer, folder: string): Promise<ShellResult> {
  const [command = "", ...args] = [...asOrdinaryUser, "dash", "-s"];
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      stdio: ["pipe", "pipe", "pipe", "pipe"],
    });
    const parts: Buffer[][] = [[], [], []];
    [child.stdout, child.stderr, child.stdio[3]].forEach((stream, index) => {
      stream?.on("data", (chunk: Buffer) => parts[index]?.push(chunk));
    });
    // A shell that has seen enough does not read the rest.
    child.stdin?.on("error", () => undefined);
    child.on("error", reject);
    child.on("close", (code) => {
      const [stdout, stderr, report] = parts.map((chunks) => Buffer.concat(chunks));
      resolve({ code, stdout: stdout ?? Buffer.of(), stderr: String(stderr), report: String(report) });
    });
    child.stdin?.end(program);
  });
}
