/** A part of a text that may say something in an encoding, and what it may say, as bytes of one sign each. */
export interface EncodedRun {
  run: string;
  readings: string[];
}

/** Base64 in either alphabet, with the lines that a program may have folded it into. RFC 4648, 4 and 5 */
const base64 = /(?:(?:[A-Za-z0-9+/_-]{60,}\r?\n[ \t]*)+[A-Za-z0-9+/_-]+|[A-Za-z0-9+/_-]{5,})={0,2}/g;

/** Pairs of hexadecimal digits, as xxd, od and openssl print them. */
const hexadecimal = /[0-9A-Fa-f]{2}(?:[: \t\r\n]?[0-9A-Fa-f]{2}){3,}[0-9A-Fa-f]?/g;

/** What may be a part of a URL. */
const ofUrl = /[^\s"<>\0]{4,}/g;

/** Every part of a text that can be decoded, be it by chance. */
export function readingsOf(text: string): EncodedRun[] {
  const runs = (pattern: RegExp): string[] => [...new Set(text.match(pattern))];
  return [
    ...runs(base64).map((run) => ({ run, readings: base64Readings(run) })),
    ...runs(hexadecimal).map((run) => ({ run, readings: hexadecimalReadings(run) })),
    ...runs(ofUrl)
      .filter((run) => /%[0-9A-Fa-f]{2}/.test(run))
      .map((run) => ({ run, readings: urlReadings(run) })),
  ];
}

/** What stands before it may be of the same alphabet: groups of four may begin at any of four places. */
function base64Readings(run: string): string[] {
  const digits = run.replace(/\s/g, "");
  return [0, 1, 2, 3].map((from) => Buffer.from(digits.slice(from), "base64").toString("latin1"));
}

function hexadecimalReadings(run: string): string[] {
  const digits = run.replace(/[^0-9A-Fa-f]/g, "");
  return [0, 1].map((from) => Buffer.from(digits.slice(from), "hex").toString("latin1"));
}

/** In the query of a form, a plus is a blank. */
function urlReadings(run: string): string[] {
  return [run, run.replaceAll("+", " ")].map((text) =>
    Buffer.from(text, "utf8")
      .toString("latin1")
      .replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
  );
}
