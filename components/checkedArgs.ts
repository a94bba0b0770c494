import type { z } from "zod";
import { GroundworkError } from "../errors/index.ts";

/**
 * Plain arguments of a component with their defaults filled in. What is wrong is named by its path, the value and
 * what is allowed. Errors: GW101.
 */
export function checkedArgs<T>(component: string, schema: z.ZodType<T>, args: unknown): T {
  const result = schema.safeParse(args, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  const value = issue?.input === undefined ? "" : ` (it is ${JSON.stringify(issue.input)})`;
  throw new GroundworkError("GW101", {
    what: `${issue?.message ?? "it is not valid"}${value}`,
    where: [component, path].filter((word) => word !== "").join("."),
  });
}
