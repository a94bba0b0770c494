import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { GroundworkError } from "../../errors/index.ts";
import type { Connection } from "../connection.ts";
import { classifySshFailure } from "../ssh/failure.ts";
import type { SshPool, SshResult } from "../ssh/sshPool.ts";
import { type Operation, renderProgram, type Wanted } from "./program.ts";
import { parseReport, type Report } from "./report.ts";
import { quote } from "./shell.ts";
import { renderTicketProgram } from "./ticketProgram.ts";

/** Seconds over which a lost connection is tried again while the program goes on without us. */
const reconnectSeconds = 300;

/** Reads: the program comes on standard input and its report on standard output; nothing is left behind. */
const readCommand = "exec 3>&1 1>&2; exec sh -s";

/**
 * Changes: the program is stored under /run (memory, root only) and run by a transient unit of its own, so
 * that a lost connection neither kills it nor runs it twice. The report is read from its file afterwards.
 */
const startCommand = (run: string): string =>
  [
    "umask 077",
    `run=/run/groundwork/${run}`,
    'mkdir -p "$run"',
    'cat >"$run/program"',
    `exec systemd-run --quiet --collect --wait --unit=groundwork-${run} sh -c 'exec 3>"$1/report"; sh "$1/program" >"$1/output" 2>&1; rm -f "$1/program"; echo done >"$1/ended"' run "$run"`,
  ].join("; ");

const resultCommand = (run: string): string =>
  `run=/run/groundwork/${run}; [ -d "$run" ] || exit 44; while [ ! -e "$run/ended" ]; do systemctl is-active -q groundwork-${run} || { sleep 0.2; [ -e "$run/ended" ] || exit 45; }; sleep 0.1; done; cat "$run/report"`;

/** A program was started, and what became of it is not known. */
export class UnknownOutcome extends GroundworkError {}

/** Waiting does not help against another host key. */
const isAnotherMachine = (error: unknown): boolean =>
  error instanceof GroundworkError && error.code === "GW202";

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
    const result = await this.#pool.run(
      this.#connection,
      this.#asRoot(readCommand),
      renderProgram(wanted, operation),
    );
    return this.#parse(result);
  }

  /** Runs a program that changes the machine, once, whatever happens to the connection. */
  async change(wanted: Wanted, operation: Operation, started?: (run: string) => void): Promise<Report> {
    const run = randomBytes(8).toString("hex");
    started?.(run);
    const program = renderProgram(wanted, { ...operation, run });
    const start = await this.#pool.run(this.#connection, this.#asRoot(startCommand(run)), program);
    // Whatever else ended the waiting: what the program did stands in its report.
    if (start.code !== 0 && /sudo:|password is required/.test(start.stderr)) this.#refuseLogin(start);
    const report = await this.#outcome(run);
    // Not waited for: the run's folder holds only what was just read, in memory, for root.
    void this.#pool
      .run(this.#connection, this.#asRoot(`rm -rf /run/groundwork/${run}`), "")
      .catch(() => undefined);
    return report;
  }

  /** Makes a change stay whose fate checks from elsewhere decided. */
  async commit(operation: Operation): Promise<Report> {
    return this.read({ items: [] }, { ...operation, action: "confirm" });
  }

  /** Confirms a change over a connection of its own: the proof is the login. */
  async confirm(operation: Operation): Promise<Report> {
    const result = await this.#pool.runOnNewConnection(
      this.#connection,
      this.#asRoot(readCommand),
      renderProgram({ items: [] }, { ...operation, action: "confirm" }),
    );
    return this.#parse(result);
  }

  /** Asks a running program to stop at the next item and put the machine back. */
  async cancel(run: string): Promise<void> {
    await this.#pool.run(this.#connection, this.#asRoot(`: >/run/groundwork/${run}/cancel`), "");
  }

  /** Runs a script for a ticket with the consumer's request on its standard input. */
  async script(text: string, input: string, secondsLimit: number): Promise<SshResult> {
    return this.#pool.run(
      this.#connection,
      this.#asRoot("exec sh -s"),
      renderTicketProgram(text, input, secondsLimit),
      secondsLimit + 20,
    );
  }

  async #outcome(run: string): Promise<Report> {
    try {
      return this.#parse(await this.#fetchResult(run));
    } catch (error) {
      if (error instanceof GroundworkError) throw new UnknownOutcome(error.code, { ...error, cause: error });
      throw error;
    }
  }

  async #fetchResult(run: string): Promise<SshResult> {
    let until = Date.now() + reconnectSeconds * 1000;
    for (;;) {
      const asked = Date.now();
      const result = await this.#pool
        .run(this.#connection, this.#asRoot(resultCommand(run)), "")
        .catch((error: unknown) => {
          if (Date.now() > until || isAnotherMachine(error)) throw error;
          return undefined;
        });
      if (result !== undefined && result.code !== 255) return result;
      // A session that lasted was a connection: the time to come back begins anew.
      if (result !== undefined && Date.now() - asked > 20_000) until = Date.now() + reconnectSeconds * 1000;
      if (Date.now() > until) {
        throw new GroundworkError("GW201", {
          what: `the connection was lost while a program ran, and did not come back within ${reconnectSeconds} s`,
          where: this.#connection.name,
        });
      }
      await sleep(1000);
    }
  }

  #asRoot(command: string): string {
    const shell = `sh -c ${quote(command)}`;
    return (this.#connection.user ?? "root") === "root" ? shell : `sudo -n ${shell}`;
  }

  #parse(result: SshResult): Report {
    const report = parseReport(result.stdout);
    if (!report.complete && report.errors.length === 0) this.#refuseLogin(result);
    return report;
  }

  #refuseLogin(result: SshResult): never {
    const words = result.stderr.trim().split("\n").slice(-3).join("; ");
    if (/sudo:|password is required/.test(words))
      throw new GroundworkError("GW205", { what: words, where: this.#connection.name });
    throw new GroundworkError(result.code === 255 ? classifySshFailure(words) : "GW311", {
      what: `the program on the machine did not report its end (exit ${result.code}${words === "" ? "" : `: ${words}`})`,
      where: this.#connection.name,
    });
  }
}
