/**
 * Quotes text as one POSIX shell word: single quotes, in which nothing is special but the quote itself.
 * Source: POSIX.1-2024 XCU 2.2.2. NUL cannot be in a shell word; items refuse it before.
 */
export function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** A variable assignment whose value is data. */
export function assign(name: string, value: string): string {
  return `${name}=${quote(value)}`;
}

/** Up to so many bytes of text stand in a function as they are. */
const largestWord = 65_536;

/** A function that prints `bytes` on its standard output, whatever they are; a short text without a process. */
export function printer(name: string, bytes: Uint8Array): string {
  const text = wordOf(Buffer.from(bytes));
  return `${name}() { ${text === undefined ? decoded(bytes) : `printf %s ${quote(text)}; }`}`;
}

/** Bytes that can be a word of a program, which is UTF-8 itself. */
function wordOf(bytes: Buffer): string | undefined {
  if (bytes.length > largestWord || bytes.includes(0)) return undefined;
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : undefined;
}

function decoded(bytes: Uint8Array): string {
  const encoded = Buffer.from(bytes)
    .toString("base64")
    .replace(/.{1,76}/g, "$&\n");
  return `base64 -d <<'END_OF_DATA'\n${encoded}END_OF_DATA\n}`;
}
