import type { Problem } from "../../../foundation/problem.ts";

/** A property that another one speaks against. */
export const problem = (path: string, what: string): Problem => ({ code: "GW101", path, what });

/** A value with the property that says it. */
export interface Said {
  path: string;
  /** Undefined where it is not known. */
  value: string | undefined;
}

/** Every value that an earlier property has already. `what` says that of one. */
export function doubles(said: Said[], what: (value: string, earlier: string) => string): Problem[] {
  const first = new Map<string, string>();
  return said.flatMap(({ path, value }) => {
    const earlier = value === undefined ? undefined : first.get(value);
    if (value !== undefined && earlier === undefined) first.set(value, path);
    return value === undefined || earlier === undefined ? [] : [problem(path, what(value, earlier))];
  });
}
