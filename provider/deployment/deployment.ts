import { hostname } from "node:os";
import type { Connection } from "../connection.ts";
import { MachineSession } from "../engine/machine.ts";
import { SshPool } from "../ssh/sshPool.ts";
import { Claims } from "./claims.ts";

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
  readonly messages: Messages;
  /** `host/pid/start`, by which a dead holder of a lease is recognised. */
  readonly holder = `${hostname()}/${process.pid}/${Math.round(Date.now() / 1000 - process.uptime())}`;
  readonly #pool = new SshPool();
  readonly #leased = new Map<string, Connection>();
  readonly #running = new Map<string, MachineSession>();
  #renewal: NodeJS.Timeout | undefined;

  constructor(messages: Messages) {
    this.messages = messages;
  }

  session(connection: Connection): MachineSession {
    return new MachineSession(this.#pool, connection);
  }

  /** Keeps the lease on a machine until {@link close}. */
  keepLease(connection: Connection): void {
    this.#leased.set(connection.name, connection);
    this.#renewal ??= setInterval(() => void this.#eachLease("renew"), renewSeconds * 1000).unref();
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
    await Promise.allSettled([...this.#running].map(([run, session]) => session.cancel(run)));
  }

  /** Gives the leases back and ends every connection. */
  async close(): Promise<void> {
    clearInterval(this.#renewal);
    await this.#eachLease("leave");
    await this.#pool.close();
  }

  async #eachLease(action: "renew" | "leave"): Promise<void> {
    const operation = { action, urn: "", project: "", stack: "", holder: this.holder };
    await Promise.allSettled(
      [...this.#leased.values()].map((connection) => this.session(connection).read({ items: [] }, operation)),
    );
  }
}

/** True when the holder of a lease ran on this computer and is dead. */
export function isDeadHolder(holder: string): boolean {
  const [host, pid] = holder.split("/");
  if (host !== hostname() || pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
