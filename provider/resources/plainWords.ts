import type { z } from "zod";

/**
 * The words for a value that no rule of our own speaks about: what is missing or of another type, an unknown kind, a
 * list with too little in it. Undefined leaves an issue to the library's own words.
 */
export const plainWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type": {
      const rule = `must be ${types[issue.expected] ?? issue.expected}`;
      return issue.input === undefined ? `is missing: it ${rule}` : rule;
    }
    case "invalid_union":
      return Array.isArray(issue.options) ? `must be one of ${issue.options.join(", ")}` : undefined;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return issue.origin === "array" || issue.origin === "set"
        ? `must have at least ${issue.minimum} ${Number(issue.minimum) === 1 ? "entry" : "entries"}`
        : undefined;
    default:
      return undefined;
  }
};

const types: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};
