import { catalogue } from "./catalogue.ts";

export { catalogue } from "./catalogue.ts";

/** A stable error code: a key of {@link catalogue}. */
export type ErrorCode = keyof typeof catalogue;

/** Where an error happened: a property path, a machine, an item key, a file. */
export interface ErrorContext {
  /** What exactly was found, in one sentence. */
  what: string;
  /** Where: a property path such as `machines.server-1.hostKey`, a machine's name, an item's key. */
  where?: string;
  /** Overrides the catalogue's advice when something more exact can be said. */
  mend?: string;
  cause?: unknown;
}

/**
 * An error that a person can act on. `message` reads `CODE where: what. mend`.
 * Anything else that is thrown is a defect of Groundwork itself.
 */
export class GroundworkError extends Error {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where: string | undefined;
  readonly mend: string;

  constructor(code: ErrorCode, context: ErrorContext) {
    const mend = context.mend ?? catalogue[code].mend;
    // A list of problems ends its own lines.
    const end = context.what.endsWith("\n") ? "" : ". ";
    super(`${code}${context.where ? ` ${context.where}` : ""}: ${context.what}${end}${mend}`, {
      cause: context.cause,
    });
    this.name = "GroundworkError";
    this.code = code;
    this.what = context.what;
    this.where = context.where;
    this.mend = mend;
  }
}
