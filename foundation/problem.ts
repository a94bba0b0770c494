import { type ErrorCode, GroundworkError } from "../errors/index.ts";

/** One thing that is wrong with what a person wrote. */
export interface Problem {
  code: ErrorCode;
  /** Property path such as `machines.server-1.lab.diskGiB`. */
  path: string;
  /** The value and what is allowed, in one sentence. */
  what: string;
  /** Better advice than the code's own. */
  mend?: string;
}

/** One error for all problems: a single one speaks for itself, several are listed. */
export function problemsError(problems: Problem[]): GroundworkError {
  const [first, ...others] = problems;
  if (first === undefined) return new GroundworkError("GW101", { what: "it is empty" });
  if (others.length === 0) {
    return new GroundworkError(first.code, { where: first.path, what: first.what, mend: first.mend });
  }
  const lines = problems.map(
    ({ path, what, mend }) => `\n  - ${path}: ${what}${mend === undefined ? "" : `. ${mend}`}`,
  );
  const code = problems.every((problem) => problem.code === first.code) ? first.code : "GW101";
  return new GroundworkError(code, {
    what: `${problems.length} problems${lines.join("")}\n`,
    mend: "Correct each property that is named",
  });
}
