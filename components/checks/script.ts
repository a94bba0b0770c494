import { quote } from "../../provider/index.ts";

/** A POSIX shell script that finds `values` in `$1`, `$2`, …: values are data, never code. */
export function script(body: string, ...values: (string | number)[]): string {
  // Single quotes are meant: neither values nor what other programs expand is this shell's.
  return `# shellcheck disable=SC2016\nset -- ${values.map((value) => quote(String(value))).join(" ")}\n${body}`;
}
