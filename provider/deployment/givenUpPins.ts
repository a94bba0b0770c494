import type { Connection } from "../connection.ts";
import { aliasOf } from "../ssh/configFile.ts";

/**
 * Pins that the program gave up for other ones: whoever changed the pin says that another machine stands there now, so
 * what ran on the old one is gone. That a machine answers with another key says nothing of the kind.
 */
export class GivenUpPins {
  readonly #ways = new Set<string>();
  readonly #machines = new Set<string>();

  /** Notes that the program wants another pin than this connection's. */
  note(old: Connection): void {
    this.#ways.add(aliasOf(old));
  }

  has(connection: Connection): boolean {
    return this.#ways.has(aliasOf(connection));
  }

  /** Notes that the program goes on with another machine that answers under the same pin. */
  noteMachine(old: Connection): void {
    this.#machines.add(aliasOf(old));
  }

  /** True where whoever answers with another machine-id counts as the one that came in place of the old one. */
  hasMachine(connection: Connection): boolean {
    return this.has(connection) || this.#machines.has(aliasOf(connection));
  }
}
