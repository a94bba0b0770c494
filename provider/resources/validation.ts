import type { z } from "zod";
import { GroundworkError } from "../../errors/index.ts";
import { type Item, itemKinds, keyOf } from "../items/index.ts";
import { hasUnknown, isSecretAt, reveal, unknown, type Wire } from "../wire.ts";
import { plainWords } from "./plainWords.ts";
import type { Failure, Properties } from "./resource.ts";

/** Path in the words of a program: `items[3].mode`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : index === 0 ? String(part) : `.${String(part)}`,
    )
    .join("");
}

/** Checks inputs that may hold unknown values: what is not known yet is left for later. */
export function validate<T>(schema: z.ZodType<T>, inputs: Properties): Failure[] {
  const plain = reveal(inputs);
  const result = schema.safeParse(plain, { error: plainWords });
  if (result.success) return [];
  // A name that does not exist is a mistake whatever the values are.
  const isMistake = (issue: z.core.$ZodIssue): boolean =>
    issue.code === "unrecognized_keys" || !touchesUnknown(plain, issue.path);
  const failures = result.error.issues.filter(isMistake).flatMap((issue) => explain(issue, plain, inputs));
  const places = failures.map(({ property }) => property);
  // One word on each property: what else is wrong with it follows from the first as a rule.
  return failures.filter(({ property }, index) => places.indexOf(property) === index);
}

function explain(issue: z.core.$ZodIssue, plain: Wire, wrapped: Properties): Failure[] {
  const property = pathText(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      property: property === "" ? key : `${property}.${key}`,
      reason: `is not a property that exists here${allowedAt(plain, issue.path)}`,
    }));
  }
  const value = isSecretAt(wrapped, issue.path) ? undefined : at(plain, issue.path);
  const shown =
    typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? ` (it is ${describe(value)})`
      : "";
  return [{ property, reason: `${issue.message}${shown}` }];
}

/** Of an item, whose kind says which fields there are: these, and its key. */
function allowedAt(plain: Wire, path: readonly PropertyKey[]): string {
  if (path[0] !== "items" || path.length !== 2) return "";
  const item = at(plain, path);
  const kind = at(plain, [...path, "kind"]);
  if (typeof kind !== "string" || !Object.hasOwn(itemKinds, kind)) return "";
  const { shape } = itemKinds[kind as keyof typeof itemKinds].schema as { shape?: object };
  const allowed = Object.keys(shape ?? {}).join(", ");
  const key = keyOf(item as unknown as Item);
  return ` (allowed: ${allowed})${key.endsWith(":") ? "" : `, in ${key}`}`;
}

/** Values are shown short; a control character by its code. */
function describe(value: string | number | boolean): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function at(value: Wire, path: readonly PropertyKey[]): Wire | undefined {
  let here: Wire | undefined = value;
  for (const part of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as { [key: string]: Wire })[String(part)];
  }
  return here;
}

/** An issue at, above or below an unknown value is not the user's mistake. */
function touchesUnknown(value: Wire, path: readonly PropertyKey[]): boolean {
  const here = at(value, path);
  return here === unknown || (here !== undefined && typeof here === "object" && hasUnknown(here));
}

/** Inputs whose values are all known, in their typed form. Errors: GW102. */
export function parse<T>(schema: z.ZodType<T>, inputs: Properties): T {
  const result = schema.safeParse(reveal(inputs), { error: plainWords });
  if (result.success) return result.data;
  const [first] = result.error.issues.flatMap((issue) => explain(issue, reveal(inputs), inputs));
  throw new GroundworkError("GW102", { what: first?.reason ?? "it is not valid", where: first?.property });
}
