import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import pLimit, { type LimitFunction } from "p-limit";
import type { Connection } from "../connection.ts";
import { fateOf, thisHolder } from "../deployment/holder.ts";
import { aliasOf, hostsOnTheWay, renderKnownHosts, renderSshConfig, socketPath } from "./configFile.ts";
import { loginFailure } from "./failure.ts";

/** What a command on a machine printed, and how it ended. 255 is OpenSSH's own for a lost connection, or the command's. */
export interface SshResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** What a command reads from its standard input: text, or a stream that is opened when the command starts. */
export type Input = string | (() => Readable);

/** Sessions at once over one connection, all together below sshd's MaxSessions of 10. */
const workSessions = 6;
/** Sessions that work never takes: a lease is renewed and an interrupt told while the others are busy. */
const promptSessions = 2;
/** One more for taking a change back, which those may wait for that hold the sessions of work. */
const takeBackSessions = 1;

type Sessions = "work" | "prompt" | "takeBack";
/** Seconds that a master may take to answer whether it is there, and to exit. */
const controlSeconds = 5;
/** Paths of control sockets are short, so the folder is /tmp/groundwork-ssh-PID-xxxxxx. */
const folderPrefix = "groundwork-ssh-";
/** In the folder: whose it is. A number alone may be a process of another container that shares this /tmp. */
const holderFile = "holder";
/** Each machine has its own configuration, ALIAS.config: nobody reads it while it is written. */
const configSuffix = ".config";

interface Master {
  alias: string;
  work: LimitFunction;
  prompt: LimitFunction;
  takeBack: LimitFunction;
  opened: Promise<void>;
  /** While it is found out whether it is still there. */
  asked?: Promise<void>;
}

/**
 * One master connection for each machine, opened before its first use and shared by everything after.
 * The generated files and sockets lie in a private folder that goes with {@link SshPool.close}.
 */
export class SshPool {
  readonly #folder: string;
  /** Folder of the control sockets. */
  readonly #sockets: string;
  readonly #machines = new Map<string, Connection>();
  readonly #masters = new Map<string, Master>();

  constructor() {
    sweepDead();
    this.#folder = mkdtempSync(`/tmp/${folderPrefix}${process.pid}-`);
    writeFileSync(join(this.#folder, holderFile), thisHolder(), { mode: 0o600 });
    this.#sockets = join(this.#folder, "s");
    mkdirSync(this.#sockets, { mode: 0o700 });
  }

  /**
   * Runs `command` on the machine with `input` on its standard input. Opens the connection when needed.
   * Errors: GW201, GW202, GW204 where it cannot be opened.
   */
  run(connection: Connection, command: string, input: Input, secondsLimit = 7200): Promise<SshResult> {
    return this.#share(connection, "work", command, input, secondsLimit);
  }

  /** As {@link run}, for taking back a change that all work may be waiting for. */
  runTakeBack(connection: Connection, command: string, input: Input): Promise<SshResult> {
    return this.#share(connection, "takeBack", command, input, 7200);
  }

  /** As {@link run}, for what is short and must not wait until work has ended. */
  runPromptly(connection: Connection, command: string, input: Input): Promise<SshResult> {
    return this.#share(connection, "prompt", command, input, 7200);
  }

  /** A login that shares nothing with the open connection: proof that new logins work. */
  async runOnNewConnection(connection: Connection, command: string, input: string): Promise<SshResult> {
    this.#register(connection);
    return this.#ssh(aliasOf(connection), ["-o", "ControlPath=none"], command, input, 60);
  }

  async #share(
    connection: Connection,
    sessions: Sessions,
    command: string,
    input: Input,
    secondsLimit: number,
  ): Promise<SshResult> {
    const master = this.#master(connection);
    await master.opened;
    const result = await master[sessions](() => this.#ssh(master.alias, [], command, input, secondsLimit));
    if (result.code === 255) await this.#forgetIfLost(master);
    return result;
  }

  /** Ends every connection and removes the files. */
  async close(): Promise<void> {
    // One that is still being opened would outlive its folder.
    await Promise.allSettled([...this.#masters.values()].map((master) => master.opened));
    await Promise.all([...this.#machines.values()].map((machine) => this.#end(machine)));
    this.#masters.clear();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The next use opens a new connection in place of a lost one; a command that ended with 255 has lost nothing. */
  #forgetIfLost(master: Master): Promise<void> {
    master.asked ??= this.#control(master.alias, "check").then(({ code }) => {
      master.asked = undefined;
      if (code !== 0) this.#forget(master);
    });
    return master.asked;
  }

  #forget(master: Master): void {
    if (this.#masters.get(master.alias) === master) this.#masters.delete(master.alias);
  }

  /** Tells a host's master to exit, as long as there is a socket to tell it through. */
  async #end(connection: Connection): Promise<void> {
    const socket = socketPath(this.#sockets, connection);
    if (!existsSync(socket)) return;
    await this.#control(aliasOf(connection), "exit");
    // One that was killed leaves its socket, and beside it no other would share its connection.
    rmSync(socket, { force: true });
  }

  #master(connection: Connection): Master {
    const alias = aliasOf(connection);
    const known = this.#masters.get(alias);
    if (known !== undefined) return known;
    this.#register(connection);
    const master: Master = {
      alias,
      work: pLimit(workSessions),
      prompt: pLimit(promptSessions),
      takeBack: pLimit(takeBackSessions),
      opened: this.#open(connection, alias),
    };
    this.#masters.set(alias, master);
    master.opened.catch(() => this.#forget(master));
    return master;
  }

  /** Writes what OpenSSH needs to know of a machine, before its first login, and never again. */
  #register(connection: Connection): void {
    const alias = aliasOf(connection);
    if (this.#machines.has(alias)) return;
    this.#machines.set(alias, connection);
    const hosts = hostsOnTheWay(connection);
    const userConfig = join(homedir(), ".ssh", "config");
    const knownHosts = join(this.#folder, `${alias}.known_hosts`);
    writeFileSync(knownHosts, renderKnownHosts(hosts), { mode: 0o600 });
    writeFileSync(
      this.#config(alias),
      renderSshConfig(hosts, {
        knownHosts,
        sockets: this.#sockets,
        userConfig: existsSync(userConfig) ? userConfig : undefined,
      }),
      { mode: 0o600 },
    );
  }

  #config(alias: string): string {
    return join(this.#folder, `${alias}${configSuffix}`);
  }

  /** `-f` returns once the login is done and leaves the master in a session of its own, out of the engine's reach. */
  async #open(connection: Connection, alias: string): Promise<void> {
    const log = join(this.#folder, `${alias}.log`);
    await this.#end(connection);
    // A file takes what OpenSSH says, and what it says for a bastion; a pipe would stay open with the master.
    const output = openSync(log, "w", 0o600);
    const code = await new Promise<number>((resolve) => {
      const options = ["-F", this.#config(alias), "-o", "ControlMaster=yes", "-o", "ControlPersist=no"];
      const child = spawn("ssh", [...options, "-f", "-N", alias], {
        stdio: ["ignore", "ignore", output],
        detached: true,
      });
      child.on("error", () => resolve(127));
      child.on("exit", (exit) => resolve(exit ?? 255));
    }).finally(() => closeSync(output));
    if (code === 0) return;
    const words = code === 127 ? "the program ssh was not found" : readFileSync(log, "utf8").trim();
    throw loginFailure(connection, words, code);
  }

  /** Asks or tells the open connection itself. */
  #control(alias: string, word: "check" | "exit"): Promise<SshResult> {
    return this.#ssh(alias, ["-O", word], undefined, "", controlSeconds);
  }

  #ssh(
    alias: string,
    options: string[],
    command: string | undefined,
    input: Input,
    secondsLimit: number,
  ): Promise<SshResult> {
    const args = ["-F", this.#config(alias), "-o", "ControlMaster=no", ...options, alias];
    return new Promise((resolve, reject) => {
      const child = spawn("ssh", command === undefined ? args : [...args, command], {
        detached: true,
        stdio: "pipe",
        timeout: secondsLimit * 1000,
      });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
      // A machine that hangs up before it has read everything shows in the exit code.
      child.stdin.on("error", () => undefined);
      child.on("error", (error) => resolve({ code: 127, stdout: "", stderr: error.message }));
      const source = typeof input === "string" ? undefined : input();
      child.on("close", (code) => {
        source?.destroy();
        resolve({
          code: code ?? 255,
          stdout: Buffer.concat(stdout).toString("utf8"),
          stderr: Buffer.concat(stderr).toString("utf8"),
        });
      });
      if (typeof input === "string") child.stdin.end(input);
      source?.on("error", (error) => {
        child.kill();
        reject(error);
      });
      source?.pipe(child.stdin);
    });
  }
}

/** Folders of processes that were killed: their masters are told to exit, then the folder goes. */
function sweepDead(): void {
  for (const entry of readdirSync("/tmp").filter((name) => name.startsWith(folderPrefix))) {
    const folder = join("/tmp", entry);
    // Anybody may make a folder of that name; a configuration of somebody else must not be obeyed.
    if (!isOwnFolder(folder) || !isLeftByDead(folder)) continue;
    for (const name of readdirSync(folder).filter((file) => file.endsWith(configSuffix))) {
      const alias = name.slice(0, -configSuffix.length);
      spawn("ssh", ["-F", join(folder, name), "-O", "exit", alias], { stdio: "ignore" }).unref();
    }
    setTimeout(() => rmSync(folder, { recursive: true, force: true }), 2000).unref();
  }
}

/** A folder that does not say whose it is was made a moment ago, or is being removed. */
function isLeftByDead(folder: string): boolean {
  try {
    return fateOf(readFileSync(join(folder, holderFile), "utf8")) === "dead";
  } catch {
    return false;
  }
}

function isOwnFolder(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}
