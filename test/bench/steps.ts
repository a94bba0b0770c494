import { posix } from "node:path";

/** One of the commands that bring a machine about without anything between them: each brings along what it needs. */
export interface Step {
  command: string;
  /** It writes the file that is tampered with. */
  tampered?: true;
}

/** Writes a file unless it is as wanted, and its folder where there is none; then `changed` runs. */
export function putFile(path: string, content: string, changed = ":"): string {
  return [
    `f=${path}`,
    `mkdir -p ${posix.dirname(path)}`,
    'n=$(mktemp "$f.XXXXXX")',
    `printf %s '${content}' >"$n"`,
    `if cmp -s "$n" "$f" && [ "$(stat -c %a "$f")" = 644 ]; then rm "$n"; else chmod 644 "$n" && mv "$n" "$f" && ${changed}; fi`,
  ].join("\n");
}

/** Every n-th step, so counted that the one whose file is tampered with is among them. */
export function everyNth(steps: Step[], n: number): Step[] {
  const offset = steps.findIndex(({ tampered }) => tampered === true) % n;
  return steps.filter((_, index) => index % n === offset);
}
