import { quote } from "../../provider/engine/shell.ts";

/** A POSIX shell script that finds `values` in `$1`, `$2`, …: values are data, never code. */
export function script(body: string, ...values: (string | number)[]): string {
  return `set -- ${values.map((value) => quote(String(value))).join(" ")}\n${body}`;
}
