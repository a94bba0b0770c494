import type { Connection } from "../connection.ts";
import { aliasOf } from "../ssh/configFile.ts";

/**
 * Pins that the program gave up for other ones: whoever changed the pin says that another machine stands there now, so
 * what ran on the old one is gone. That a machine answers with another key says nothing of the kind.
 */
export class GivenUpPins {
  readonly #ways = new Set<string>();

  /** Notes that the program wants another pin than this connection's. */
  note(old: Connection): void {
    this.#ways.add(aliasOf(old));
  }

  has(connection: Connection): boolean {
    return this.#ways.has(aliasOf(connection));
  }
}
