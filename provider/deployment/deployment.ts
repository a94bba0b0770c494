import { setMaxListeners } from "node:events";
import type { Connection } from "../connection.ts";
import { MachineSession } from "../session/machine.ts";
import { SshPool } from "../ssh/sshPool.ts";
import { Claims } from "./claims.ts";
import { GivenUpPins } from "./givenUpPins.ts";
import { thisHolder } from "./holder.ts";
import { type Settings, settingsFrom } from "./settings.ts";

export { fateOf } from "./holder.ts";

/** Where messages for the user go: the engine's log, or a terminal. */
export interface Messages {
  info(text: string, urn?: string): void;
  warning(text: string, urn?: string): void;
  /** Shown beside the resource while it is worked on. */
  status(text: string, urn?: string): void;
}

/** Seconds between renewals of the leases: well below their length. */
const renewSeconds = 40;

/** What one provider process shares between its resources: connections, claims, leases, messages. */
export class Deployment {
  readonly claims = new Claims();
  readonly givenUpPins = new GivenUpPins();
  readonly messages: Messages;
  /** By which this deployment's leases are known, and recognised once it is dead. */
  readonly holder = thisHolder();
  readonly #pool = new SshPool();
  readonly #leased = new Map<string, Connection>();
  readonly #running = new Map<string, MachineSession>();
  readonly #cancellation = new AbortController();
  #renewal: NodeJS.Timeout | undefined;

  constructor(messages: Messages) {
    this.messages = messages;
    // Each machine that is sent something waits for it.
    setMaxListeners(0, this.#cancellation.signal);
  }

  /** Aborted when the running operations are to end: for work that is not on a machine. */
  get cancelled(): AbortSignal {
    return this.#cancellation.signal;
  }

  /** Errors: GW101. */
  settings(): Settings {
    return settingsFrom(process.env);
  }

  session(connection: Connection): MachineSession {
    return new MachineSession(this.#pool, connection);
  }

  /** Keeps the lease on a machine until {@link close}. */
  keepLease(connection: Connection): void {
    this.#leased.set(connection.name, connection);
    this.#renewal ??= setInterval(() => void this.#eachLease("renew"), renewSeconds * 1000).unref();
  }

  /** The machine turned out to be another deployment's. */
  dropLease(connection: Connection): void {
    this.#leased.delete(connection.name);
  }

  /** Notes a program that {@link cancel} can stop. */
  started(run: string, session: MachineSession): void {
    this.#running.set(run, session);
  }

  ended(run: string): void {
    this.#running.delete(run);
  }

  /** Running programs stop at their next item and put their machines back. */
  async cancel(): Promise<void> {
    this.#cancellation.abort();
    await Promise.allSettled([...this.#running].map(([run, session]) => session.cancel(run)));
  }

  /** Gives the leases back and ends every connection. */
  async close(): Promise<void> {
    clearInterval(this.#renewal);
    // A machine on which a program still works keeps its lease until that runs out.
    for (const session of this.#running.values()) this.#leased.delete(session.machine);
    await this.#eachLease("leave");
    await this.#pool.close();
  }

  async #eachLease(action: "renew" | "leave"): Promise<void> {
    const operation = { action, urn: "", project: "", stack: "", holder: this.holder };
    await Promise.allSettled(
      [...this.#leased.values()].map((connection) => this.session(connection).lease(operation)),
    );
  }
}
