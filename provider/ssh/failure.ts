import { type ErrorCode, type ErrorContext, GroundworkError } from "../../errors/index.ts";
import type { Connection } from "../connection.ts";
import { fingerprint } from "../items/sshPublicKey.ts";
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

/**
 * The error for a login that did not succeed, from what OpenSSH said. The stack that advice names is the engine's own.
 * Errors: GW201, GW202, GW204.
 */
export function loginFailure(
  connection: Connection,
  words: string,
  exit: number,
  stack = process.env.PULUMI_STACK,
): GroundworkError {
  const code = classifySshFailure(words);
  if (code === "GW202") return anotherHostKey(connection, words, stack);
  const what = code === "GW204" ? "did not let us in" : "could not be reached";
  return new GroundworkError(code, {
    where: connection.name,
    what: `${placeOf(connection)} ${what} (${tellingLine(words) || `ssh exit ${exit}`})`,
  });
}

function anotherHostKey(connection: Connection, words: string, stack = ""): AnotherHostKey {
  const host = hostOfKey(words, connection);
  const bastion = host !== undefined && host === connection.bastion;
  const trust = [
    `./groundwork trust ${connection.name}`,
    ...(bastion ? ["--bastion"] : []),
    ...(stack === "" ? [] : [`--stack ${stack.split("/").at(-1)}`]),
  ].join(" ");
  return new AnotherHostKey(
    {
      where: connection.name,
      what: `${bastion ? "the bastion of " : ""}${placeOf(connection)} ${offeredInstead(words, host)}`,
      mend: `If it was reinstalled, compare the fingerprint and run ${trust}; otherwise someone may be in between`,
    },
    host,
  );
}

/** What a host offers instead of the pinned key, as far as OpenSSH told it. */
function offeredInstead(words: string, host: Connection | undefined): string {
  const offered = /^(SHA256:[A-Za-z0-9+/]+)\.?\s*$/m.exec(words)?.[1];
  const pinned = host === undefined ? undefined : fingerprint(host.hostKey);
  const pin = pinned === undefined ? "" : `; pinned is ${pinned}`;
  if (offered !== undefined) return `offers another host key than the pinned one, ${offered}${pin}`;
  // The banner says less than what stands below it.
  const line = tellingLine(words.replace(/^@.*$/gm, ""));
  return `does not offer the pinned host key (${line})${pin}`;
}

const placeOf = ({ address, port, user, bastion }: Connection): string =>
  `${user ?? "root"}@${address}:${port ?? 22}${bastion === undefined ? "" : ` through ${bastion.name}`}`;
