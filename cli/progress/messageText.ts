import { GroundworkError } from "../../errors/index.ts";

/** A message of the engine without its colour marks and its indentation. */
export function plainText(message: string): string {
  return message.replace(/<\{%[^%]*%\}>/g, "").trim();
}

/**
 * What an error says to a person: nothing where it only repeats that something else failed, and our own errors
 * without what the engine wraps them in. An operation that was interrupted is GW310.
 */
export function errorText(message: string): string {
  const text = plainText(message).replace(/^(error: )+/, "");
  if (cancelled.test(text))
    return new GroundworkError("GW310", { what: "interrupted before its end" }).message;
  if (echoes.some((echo) => echo.test(text))) return "";
  const refused = refusal.exec(text);
  if (refused !== null) return `${refused[1]} ${refused[2]}: ${refused[3]}`;
  const coded = /GW\d{3}\b[\s\S]*/.exec(text)?.[0];
  return (coded ?? text).replace(/\n\s+at [\s\S]*$/, "").trim();
}

/** How the engine says that it was interrupted: once, and twice. */
const cancelled = /^(update|preview|destroy|refresh) cancell?ed$/i;

/** How the engine words a property that the provider refuses. */
const refusal = /resource '([^']+)': property (\S+) value \{.*?\} has a problem: ([\s\S]*)$/;

/** Errors that follow from another one. */
const echoes = [
  /failed to register$/m,
  /^(update|preview|destroy|refresh) failed$/,
  /error serializing property/,
  /^resource monitor shut down/i,
];
