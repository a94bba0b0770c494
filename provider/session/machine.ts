import { randomBytes } from "node:crypto";
import { GroundworkError } from "../../errors/index.ts";
import type { Connection } from "../connection.ts";
import { type Operation, ownerOf, renderProgram, type Wanted } from "../engine/program.ts";
import { quote } from "../engine/shell.ts";
import { classifySshFailure } from "../ssh/failure.ts";
import type { Input, SshPool, SshResult } from "../ssh/sshPool.ts";
import { acrossBoots, awaitBoot, type BootSight } from "./nextBoot.ts";
import { mayPass, reconnecting } from "./reconnecting.ts";
import { parseReport, type Report } from "./report.ts";
import { type Artifact, type Sending, sendArtifact } from "./sendArtifact.ts";
import { renderTicketProgram } from "./ticketProgram.ts";

/** A session that lasted for so many seconds was a connection. */
const lastingSeconds = 20;

/** A machine whose program did not say so must answer so many seconds after it began to restart. */
const bootSeconds = 600;

/** Comes before the first word of each answer; what the login shell greets with comes before that. */
const beginning = "groundwork answers:";

/** Reads: the program comes on standard input and its report on standard output; nothing is left behind. */
const readCommand = "exec 3>&1 1>&2; exec sh -s";

/** As {@link readCommand}, with a folder of its own in which an interrupt is told. */
const waitingReadCommand = (run: string): string =>
  [
    `run=/run/groundwork/${run}`,
    '(umask 077; mkdir -p "$run/work")',
    "exec 3>&1 1>&2",
    "sh -s",
    "code=$?",
    'rm -rf "$run"',
    'exit "$code"',
  ].join("; ");

/**
 * Changes: the program is stored under /run (memory, root only) and run by a transient unit of its own, so
 * that a lost connection neither kills it nor runs it twice. It prints the report, which it may still read when the
 * change took away the right to log in or to become root; its file is read where the connection was lost.
 */
const startCommand = (run: string): string =>
  [
    "umask 077",
    // By which port of the machine it came in: endangers_login (apply.sh).
    "connection=$1",
    `run=/run/groundwork/${run}`,
    'mkdir -p "$run/work"',
    'cat >"$run/program"',
    `start() { systemd-run --quiet --collect --wait --setenv=gw_connection="$connection" --unit=groundwork-${run} sh -c 'set -C; exec 3>"$1/report"; set +C; sh "$1/program" >"$1/output" 2>&1; rm -f "$1/program"; echo done >"$1/ended"' run "$run"; }`,
    // A reload of systemd may lose a unit that is about to start. Where there is no report, nothing began.
    'for try in 1 2 3; do start; code=$?; [ ! -e "$run/report" ] || break; done',
    'cat "$run/report"; exit "$code"',
  ].join("; ");

/** How often a program is sent whose connection broke before it arrived. */
const mostStarts = 3;

/** The exit of {@link resultCommand} for a run that never began. */
const neverBegan = 48;

/**
 * Where a run is gone: 46 says that its transaction waits for the next boot, 47 that the machine is about to start
 * anew, 48 that it never began: there is no trace of it although nothing was restarted since it was sent, `seconds` ago,
 * or it arrived half. Who makes the report first decides: a start that comes later finds that it must not begin.
 */
const resultCommand = (run: string, owner: string, seconds: number): string =>
  [
    `run=/run/groundwork/${run}`,
    `gone() { [ ! -e /var/lib/groundwork/transactions/${owner}/boots ] || exit 46; [ ! -e /run/groundwork/rebooting ] || exit 47; exit "$1"; }`,
    // Of the first process: the machine's own clock may be set meanwhile, and a container has its host's uptime.
    `age() { awk 'NR == FNR { up = $1; next } { print int(up - $22 / 100) }' /proc/uptime /proc/1/stat; }`,
    // The folder alone is where an interrupt waits for a program.
    `[ -d "$run/work" ] || { [ "$(age)" -gt ${seconds} ] && gone ${neverBegan}; gone 44; }`,
    `lost() { (set -C; : >"$run/report") 2>/dev/null || gone 45; rm -rf "$run"; gone ${neverBegan}; }`,
    `while [ ! -e "$run/ended" ]; do systemctl is-active -q groundwork-${run} || { sleep 0.2; [ -e "$run/ended" ] || lost; }; sleep 0.1; done`,
    'cat "$run/report"',
  ].join("; ");

/** This boot's id, and whether its end is near: something is going to restart the machine (boot.sh), or does. */
const bootCommand = [
  "cat /proc/sys/kernel/random/boot_id",
  "[ -e /run/groundwork/rebooting ] || exit 0",
  "systemctl is-active -q groundwork-reboot.service && echo due && exit 0",
  // A system that stops soon answers no more: only one that says so runs on.
  "case $(systemctl is-system-running 2>/dev/null) in initializing | starting | running | degraded | maintenance) exit 0 ;; esac",
  "echo due",
].join("; ");

/**
 * Told of each start, before it; `resumed` where it goes on with what began before a restart of the machine. What it
 * throws keeps it from starting.
 */
export type Started = (run: string, resumed: boolean) => void;

/** Runs a command as root in a session of one of the kinds that the connection has. */
type Runs = (command: string, input: string) => Promise<SshResult>;

/** A program was started, and what became of it is not known. */
export class UnknownOutcome extends GroundworkError {}

/** What fails here leaves the outcome of a program unknown. */
async function unknownOutcome<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (error instanceof GroundworkError) throw new UnknownOutcome(error.code, { ...error, cause: error });
    throw error;
  });
}

/** The answer without what a login shell printed before it. */
function ungreeted(result: SshResult): SshResult {
  const { stdout } = result;
  const begins = stdout.indexOf(`${beginning}\n`);
  return begins < 0 ? result : { ...result, stdout: stdout.slice(begins + beginning.length + 1) };
}

/** That sudo cannot resolve the machine's own name keeps nobody from anything, nor does it end a connection. */
function isRefusedBySudo({ code, stderr }: SshResult): boolean {
  return ![0, 255].includes(code) && /sudo: (?!unable to resolve host)|password is required/.test(stderr);
}

/** False for a login that was refused, and for one whose shell ended before the program's first word. */
function mayHaveBegun({ code, stdout, stderr }: SshResult): boolean {
  return parseReport(stdout).machineId !== "" || (code === 255 && classifySshFailure(stderr) === "GW201");
}

/** Programs on one machine over the shared connection. */
export class MachineSession {
  readonly #pool: SshPool;
  readonly #connection: Connection;

  constructor(pool: SshPool, connection: Connection) {
    this.#pool = pool;
    this.#connection = connection;
  }

  /** The machine's name. */
  get machine(): string {
    return this.#connection.name;
  }

  /** Runs a program that changes nothing. */
  async read(wanted: Wanted, operation: Operation): Promise<Report> {
    return this.#parse(await this.#run(readCommand, renderProgram(wanted, operation)));
  }

  /** As {@link read}, for a program that may wait; {@link cancel} ends that. */
  async readWaiting(wanted: Wanted, operation: Operation, started: (run: string) => void): Promise<Report> {
    const run = randomBytes(8).toString("hex");
    started(run);
    return this.#parse(
      await this.#run(waitingReadCommand(run), renderProgram(wanted, { ...operation, run })),
    );
  }

  /** Renews or gives back the lease, however many programs are at work. */
  async lease(operation: Operation): Promise<Report> {
    return this.#parse(await this.#runPromptly(readCommand, renderProgram({ items: [] }, operation)));
  }

  /**
   * Runs a program that changes the machine, once, whatever happens to the connection. Where it asks for a restart of
   * the machine, it goes on after that.
   */
  async change(wanted: Wanted, operation: Operation, started?: Started): Promise<Report> {
    return this.#change(wanted, operation, started, (command, input) => this.#run(command, input));
  }

  async #change(
    wanted: Wanted,
    operation: Operation,
    started: Started | undefined,
    runs: Runs,
  ): Promise<Report> {
    return acrossBoots(
      this.machine,
      (resume) => this.#changeOnce(wanted, { ...operation, resume }, started, runs),
      (wish) => unknownOutcome(awaitBoot(this.machine, wish, () => this.#bootNow())),
    );
  }

  async #changeOnce(
    wanted: Wanted,
    operation: Operation,
    started: Started | undefined,
    runs: Runs,
  ): Promise<Report> {
    for (let starts = 1; ; starts++) {
      const run = randomBytes(8).toString("hex");
      started?.(run, operation.resume === true);
      const answer = await this.#start(
        run,
        renderProgram(wanted, { ...operation, run }),
        operation.urn,
        runs,
      );
      if (answer.code === neverBegan && starts < mostStarts) continue;
      // What never began left nothing: its failure is plain.
      const report = answer.code === neverBegan ? this.#parse(answer) : await this.#parseOutcome(answer);
      // Not waited for: the run's folder holds only what was just read, in memory, for root.
      void runs(`rm -rf /run/groundwork/${run}`, "").catch(() => undefined);
      return report;
    }
  }

  /** Starts a program and waits for its end, over as many connections as it takes. */
  async #start(run: string, program: string, urn: string, runs: Runs): Promise<SshResult> {
    const begun = Date.now();
    const start = await runs(startCommand(run), program);
    // Whatever else ended the waiting: what the program did stands in its report.
    if (isRefusedBySudo(start)) this.#refuseLogin(start);
    if (parseReport(start.stdout).complete) return start;
    const seconds = (): number => Math.ceil((Date.now() - begun) / 1000);
    return this.#askUntilAnswered(() => runs(resultCommand(run, ownerOf(urn), seconds()), ""));
  }

  /** Makes a change stay whose fate checks from elsewhere decided. Where the answer is lost, it is asked for again. */
  async commit(operation: Operation): Promise<Report> {
    const program = renderProgram({ items: [] }, { ...operation, action: "confirm" });
    return this.#parseOutcome(await this.#askUntilAnswered(() => this.#runPromptly(readCommand, program)));
  }

  /**
   * Confirms a change over a connection of its own: the proof is the login. Errors: GW202, GW204, GW205, GW311 where it
   * did not come to that, {@link UnknownOutcome} where the answer was lost.
   */
  async confirm(operation: Operation): Promise<Report> {
    const result = ungreeted(
      await this.#pool.runOnNewConnection(
        this.#connection,
        this.#asRoot(readCommand),
        renderProgram({ items: [] }, { ...operation, action: "confirm" }),
      ),
    );
    const report = Promise.resolve(result).then((answer) => this.#parse(answer));
    return mayHaveBegun(result) ? unknownOutcome(report) : report;
  }

  /** Takes back what waits for its confirmation, unless it was confirmed: the report says which. */
  async takeBack(operation: Operation): Promise<Report> {
    // Operations that wait for it may hold all sessions of work.
    const runs: Runs = async (command, input) =>
      ungreeted(await this.#pool.runTakeBack(this.#connection, this.#asRoot(command), input));
    const restore = () => this.#change({ items: [] }, { ...operation, action: "restore" }, undefined, runs);
    return unknownOutcome(reconnecting(this.machine, restore));
  }

  /**
   * Asks a running program to stop at the next item and put the machine back. One that still waits for its session finds
   * that when it starts.
   */
  async cancel(run: string): Promise<void> {
    const folder = `/run/groundwork/${run}`;
    await this.#runPromptly(`umask 077; mkdir -p ${folder} && : >${folder}/cancel`, "");
  }

  /** Puts a file of this computer among the machine's downloads. Errors: GW201, GW301. */
  async send(artifact: Artifact, sending: Sending): Promise<void> {
    await sendArtifact((command, input) => this.#run(command, input), this.machine, artifact, sending);
  }

  /** Runs a script for a ticket with the consumer's request on its standard input. */
  async script(text: string, input: string, secondsLimit: number): Promise<SshResult> {
    return this.#run("exec sh -s", renderTicketProgram(text, input, secondsLimit), secondsLimit + 20);
  }

  /** For commands that find their work done when they are run once more. Errors: {@link UnknownOutcome}. */
  async #askUntilAnswered(ask: () => Promise<SshResult>): Promise<SshResult> {
    return unknownOutcome(
      reconnecting(this.machine, async (progressed) => {
        const asked = Date.now();
        const answer = await ask();
        if (answer.code !== 255) return answer;
        if (Date.now() - asked > lastingSeconds * 1000) progressed();
        return undefined;
      }),
    );
  }

  async #bootNow(): Promise<BootSight | undefined> {
    const result = await this.#run(bootCommand, "").catch((error: unknown) => {
      if (mayPass(error)) return undefined;
      throw error;
    });
    if (result?.code !== 0) return undefined;
    const [bootId = "", due] = result.stdout.split("\n");
    return { bootId, due: due === "due" };
  }

  async #run(command: string, input: Input, secondsLimit?: number): Promise<SshResult> {
    return ungreeted(await this.#pool.run(this.#connection, this.#asRoot(command), input, secondsLimit));
  }

  async #runPromptly(command: string, input: string): Promise<SshResult> {
    return ungreeted(await this.#pool.runPromptly(this.#connection, this.#asRoot(command), input));
  }

  /** With what sshd says of the session as `$1`: sudo passes no such variable on. */
  #asRoot(command: string): string {
    const shell = `sh -c ${quote(`echo ${beginning}; ${command}`)} sh "$SSH_CONNECTION"`;
    return (this.#connection.user ?? "root") === "root" ? shell : `sudo -n ${shell}`;
  }

  /** As {@link #parse}; errors are of an operation that may have begun. */
  #parseOutcome(result: SshResult): Promise<Report> {
    return unknownOutcome(new Promise((resolve) => resolve(this.#parse(result))));
  }

  #parse(result: SshResult): Report {
    const report = parseReport(result.stdout);
    if (result.code === 46 || result.code === 47)
      return { ...report, rebooting: { from: "", seconds: bootSeconds, begun: result.code === 46 } };
    if (!report.complete && report.errors.length === 0) this.#refuseLogin(result);
    return report;
  }

  #refuseLogin(result: SshResult): never {
    const words = result.stderr.trim().split("\n").slice(-3).join("; ");
    if (isRefusedBySudo(result))
      throw new GroundworkError("GW205", { what: words, where: this.#connection.name });
    throw new GroundworkError(result.code === 255 ? classifySshFailure(words) : "GW311", {
      what: `the program on the machine did not report its end (exit ${result.code}${words === "" ? "" : `: ${words}`})`,
      where: this.#connection.name,
    });
  }
}
