import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { SshResult } from "../../provider/ssh/sshPool.ts";

/** A command that was to run on a machine. */
export interface FakeCommand {
  /** Name of the connection. */
  machine: string;
  /** As it would arrive at the machine's shell. */
  command: string;
  input: Readable;
  /** It shares no connection: a login of its own. */
  alone: boolean;
}

/** What a machine answers; what is left out is nothing, and code 0. 255 is a connection that broke. */
export type Answer = Partial<SshResult>;

/** What stands in for OpenSSH: no network, no machine, but its control sockets and its exit codes. */
export interface FakeSsh {
  /** Answers commands. Tests replace it. */
  answer: (command: FakeCommand) => Promise<Answer> | Answer;
  /** What OpenSSH says instead of logging in; undefined lets everybody in. */
  refuse: (machine: string) => string | undefined;
  /** Connections that were opened to stay, by machine, in order. */
  readonly opened: string[];
  /** Connections that are open now. */
  readonly open: string[];
  /** Breaks the connections of a machine as a cut cable does: nobody is told, and the socket stays. */
  cut(machine: string): void;
  close(): Promise<void>;
}

/** Puts the stand-in before the real `ssh` on the PATH of this process until it is closed. */
export async function openFakeSsh(): Promise<FakeSsh> {
  const folder = await mkdtemp(join(tmpdir(), "groundwork-fake-ssh-"));
  await mkdir(join(folder, "bin"));
  const program = join(folder, "bin", "ssh");
  const client = new URL("fakeSshClient.ts", import.meta.url).pathname;
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' --no-warnings '${client}' "$@"\n`);
  await chmod(program, 0o755);
  const { PATH } = process.env;
  process.env.PATH = `${join(folder, "bin")}${delimiter}${PATH}`;
  process.env.GROUNDWORK_FAKE_SSH = join(folder, "calls");
  const masters = new Map<string, string>();
  const opened: string[] = [];
  const fake: FakeSsh = {
    answer: () => ({}),
    refuse: () => undefined,
    opened,
    get open() {
      return [...masters.values()];
    },
    cut(machine) {
      for (const [alias, name] of masters) if (name === machine) masters.delete(alias);
    },
    async close() {
      process.env.PATH = PATH;
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, fake, masters));
  await listen(server, join(folder, "calls"));
  return fake;
}

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve) => server.listen(path, resolve));

function serve(socket: Socket, fake: FakeSsh, masters: Map<string, string>): void {
  socket.on("error", () => undefined);
  readLine(socket).then(async (line) => {
    // Whoever reads a stream to its end closes it, and the socket has the answer still to carry.
    const input = socket.pipe(new PassThrough());
    const answer = called(JSON.parse(line), input, fake, masters);
    // A test that fails while it answers is a machine that fails: its words come back as the command's.
    const failed = (error: unknown): Answer => ({ code: 254, stderr: String(error) });
    const { code = 0, stdout = "", stderr = "" } = await answer.catch(failed);
    socket.end(JSON.stringify({ code, stdout, stderr }));
    socket.unpipe(input).resume();
  });
}

/** The first line; what comes after it is left to be read. */
function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let seen = Buffer.of();
    const more = (): void => {
      for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read()) {
        seen = Buffer.concat([seen, chunk]);
        const end = seen.indexOf(10);
        if (end < 0) continue;
        socket.off("readable", more);
        if (end + 1 < seen.length) socket.unshift(seen.subarray(end + 1));
        resolve(seen.subarray(0, end).toString());
        return;
      }
    };
    socket.on("readable", more);
  });
}

/** As ssh(1) reads its arguments, for those that the pool gives. */
async function called(
  args: string[],
  input: Readable,
  fake: FakeSsh,
  masters: Map<string, string>,
): Promise<Answer> {
  const config = args[args.indexOf("-F") + 1] ?? "";
  const control = args.includes("-O") ? args[args.indexOf("-O") + 1] : undefined;
  const opens = args.includes("-f");
  const last = args.at(-1) ?? "";
  const alias = control !== undefined || opens ? last : (args.at(-2) ?? "");
  const machine = alias.replace(/-[0-9a-f]{12}$/, "");
  if (control !== undefined) {
    if (!masters.has(alias)) return { code: 255, stderr: "Control socket connect: Connection refused" };
    if (control === "exit") {
      masters.delete(alias);
      rmSync(socketOf(config, alias), { force: true });
    }
    return { code: 0, stderr: control === "check" ? "Master running (pid=1)" : "Exit request sent." };
  }
  const refusal = fake.refuse(machine);
  const alone = args.includes("ControlPath=none");
  if ((opens || alone || !masters.has(alias)) && refusal !== undefined) return { code: 255, stderr: refusal };
  if (!opens) return fake.answer({ machine, command: last, input, alone });
  masters.set(alias, machine);
  fake.opened.push(machine);
  writeFileSync(socketOf(config, alias), "");
  return {};
}

function socketOf(config: string, alias: string): string {
  const lines = readFileSync(config, "utf8").split("\n");
  const own = lines.slice(lines.indexOf(`Host ${alias}`));
  return own.find((line) => line.startsWith("  ControlPath "))?.slice("  ControlPath ".length) ?? "";
}

/** What a machine's shell makes of a command, with another folder in place of its registry. */
export async function runHere({ command, input }: FakeCommand, registry: string): Promise<Answer> {
  const child = spawn("sh", ["-c", command.replaceAll("/var/lib/groundwork", registry)], { stdio: "pipe" });
  child.stdin.on("error", () => undefined);
  input.pipe(child.stdin);
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number>((resolve) => child.on("close", (exit) => resolve(exit ?? 255))),
  ]);
  return { code, stdout, stderr };
}
