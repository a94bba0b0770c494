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

/** A function that prints `bytes` on its standard output, whatever they are. */
export function printer(name: string, bytes: Uint8Array): string {
  const encoded = Buffer.from(bytes)
    .toString("base64")
    .replace(/.{1,76}/g, "$&\n");
  return `${name}() { base64 -d <<'END_OF_DATA'\n${encoded}END_OF_DATA\n}`;
}
