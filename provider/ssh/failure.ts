import { type ErrorCode, type ErrorContext, GroundworkError } from "../../errors/index.ts";
import type { Connection } from "../connection.ts";
import { aliasOf } from "./configFile.ts";

/** Another host key than the pinned one answered (GW202). */
export class AnotherHostKey extends GroundworkError {
  readonly #host: Connection | undefined;

  /** @param host whose pin it was: the machine or its bastion; undefined where OpenSSH's words do not say which */
  constructor(context: ErrorContext, host: Connection | undefined) {
    super("GW202", context);
    this.#host = host;
  }

  /** True when it is known to be this host's pin, rather than that of another one on the way. */
  isOf(host: Connection): boolean {
    return this.#host !== undefined && aliasOf(this.#host) === aliasOf(host);
  }
}

/** Which error OpenSSH's words stand for. */
export function classifySshFailure(words: string): ErrorCode {
  if (
    /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|host key is not|No matching host key/i.test(
      words,
    )
  )
    return "GW202";
  if (/Permission denied|Too many authentication failures|No such identity/i.test(words)) return "GW204";
  return "GW201";
}

/** The line that says why: the one that decides about the code, else the last one. */
export function tellingLine(words: string): string {
  const lines = words.split("\n").map((line) => line.trim());
  return lines.find((line) => classifySshFailure(line) !== "GW201") ?? lines.at(-1) ?? "";
}

/** The host on the way to a machine whose key OpenSSH complains about: it names each by its alias. */
export function hostOfKey(words: string, connection: Connection): Connection | undefined {
  const { bastion } = connection;
  if (bastion === undefined || words.includes(aliasOf(connection))) return connection;
  return words.includes(aliasOf(bastion)) ? bastion : undefined;
}

/** The error for a login that did not succeed, from what OpenSSH said. Errors: GW201, GW202, GW204. */
export function loginFailure(connection: Connection, words: string, exit: number): GroundworkError {
  const { name, address, port, user, bastion } = connection;
  const way = bastion === undefined ? "" : ` through ${bastion.name}`;
  const code = classifySshFailure(words);
  const context = {
    what: `${user ?? "root"}@${address}:${port ?? 22}${way} did not let us in (${tellingLine(words) || `ssh exit ${exit}`})`,
    where: name,
  };
  return code === "GW202"
    ? new AnotherHostKey(context, hostOfKey(words, connection))
    : new GroundworkError(code, context);
}
