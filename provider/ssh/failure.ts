import type { ErrorCode } from "../../errors/index.ts";

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
