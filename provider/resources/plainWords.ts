import type { z } from "zod";

/**
 * The words for a value that no rule of our own speaks about: what is missing or of another type, an unknown kind, too
 * little or too much of it. Undefined leaves an issue to the library's own words.
 */
export const plainWords: z.core.$ZodErrorMap = (issue) => {
  const rule = ruleOf(issue);
  if (rule === undefined) return undefined;
  return isMissing(issue) ? `is missing: it ${rule}` : rule;
};

type Issue = Parameters<z.core.$ZodErrorMap>[0];

function ruleOf(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${types[issue.expected] ?? issue.expected}`;
    case "invalid_union":
      return Array.isArray(issue.options) ? oneOf(issue.options) : "must be given, in one of its forms";
    case "invalid_value":
      return oneOf(issue.values);
    case "too_small":
      return `must ${amount(issue.origin, issue.minimum, "at least")}`;
    case "too_big":
      return `must ${amount(issue.origin, issue.maximum, "at most")}`;
    default:
      return undefined;
  }
}

/** Of an object that is told apart by a property, that one. */
function isMissing({ input, code, discriminator }: Issue): boolean {
  if (code !== "invalid_union" || typeof discriminator !== "string") return input === undefined;
  return typeof input === "object" && input !== null && !(discriminator in input);
}

const oneOf = (values: readonly unknown[]): string =>
  values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(", ")}`;

const types: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

/** `have at least 1 entry`, `be at most 65535`. */
function amount(origin: string, limit: number | bigint, side: string): string {
  const unit = units[origin];
  return unit === undefined
    ? `be ${side} ${limit}`
    : `have ${side} ${limit} ${unit[Number(limit) === 1 ? 0 : 1]}`;
}

const units: Record<string, [one: string, more: string]> = {
  string: ["character", "characters"],
  array: ["entry", "entries"],
  set: ["entry", "entries"],
};
