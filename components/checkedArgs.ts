import type { z } from "zod";
import { problemsError } from "../foundation/problem.ts";
import { schemaProblems } from "../foundation/schemaProblems.ts";

/**
 * Plain arguments of a component with their defaults filled in. Everything that is wrong is named at once, by its
 * path, the value and what is allowed. Errors: GW101.
 */
export function checkedArgs<T>(component: string, schema: z.ZodType<T>, args: unknown): T {
  const result = schema.safeParse(args, { reportInput: true });
  if (result.success) return result.data;
  const problems = schemaProblems(result.error, schema, "args").map((problem) => ({
    ...problem,
    path: `${component}.${problem.path}`,
  }));
  throw problemsError(problems);
}
