import { z } from "zod";
import type { ErrorCode } from "../errors/index.ts";

/** One thing that is wrong with a configuration. */
export interface ConfigurationProblem {
  code: ErrorCode;
  /** Property path such as `machines.server-1.lab.diskGiB`. */
  path: string;
  /** The value and what is allowed, in one sentence. */
  what: string;
  /** Better advice than the code's own. */
  mend?: string;
}

/** What is wrong with the shape, one problem for each property. `schema` is what the value was checked against. */
export function problemsOf(error: z.ZodError, schema: z.ZodType): ConfigurationProblem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, schema));
}

type Issue = z.core.$ZodIssue;

function problemsOfIssue(issue: Issue, schema: z.ZodType): ConfigurationProblem[] {
  const path = pathText(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      code: "GW101",
      path: pathText([...issue.path, key]),
      what: `there is no such property (allowed: ${allowedKeys(schema, issue.path).join(", ")})`,
    }));
  }
  if (issue.code === "invalid_key") {
    const rules = issue.issues.map((inner) => inner.message).join(" and ");
    return [{ code: "GW101", path, what: `"${String(issue.path.at(-1))}" is not allowed here: it ${rules}` }];
  }
  return [{ code: "GW101", path, what: `${valueText(issue.input)} ${ruleText(issue)}` }];
}

interface ObjectSchema {
  $ref?: string;
  $defs?: Record<string, ObjectSchema>;
  properties?: Record<string, ObjectSchema>;
  additionalProperties?: ObjectSchema;
  items?: ObjectSchema;
}

/** The properties that an object at `path` may have. */
function allowedKeys(schema: z.ZodType, path: PropertyKey[]): string[] {
  const whole = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as ObjectSchema;
  const resolve = (part: ObjectSchema | undefined) =>
    part?.$ref === undefined ? part : whole.$defs?.[part.$ref.replace("#/$defs/", "")];
  const at = path.reduce<ObjectSchema | undefined>(
    (part, key) => resolve(part?.properties?.[String(key)] ?? part?.additionalProperties ?? part?.items),
    resolve(whole),
  );
  return Object.keys(at?.properties ?? {});
}

/** A property path as a person would write it. */
export function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return text.startsWith(".") ? text.slice(1) : text || "configuration";
}

/** A value in a message: short, and `nothing` where there is none. */
export function valueText(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function ruleText(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `is given, but it must be ${withArticle(issue.expected)}`;
    case "invalid_value":
      return `is not one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `is too little: ${limitText(issue.origin, "at least", issue.minimum)}`;
    case "too_big":
      return `is too much: ${limitText(issue.origin, "at most", issue.maximum)}`;
    case "invalid_format":
      return issue.message.startsWith("must")
        ? issue.message
        : `must be an address of the form ${issue.format}`;
    default:
      return issue.message;
  }
}

const articles: Record<string, string> = { int: "a whole number", record: "an object", nonoptional: "given" };

function withArticle(expected: string): string {
  return articles[expected] ?? `${/^[aeio]/.test(expected) ? "an" : "a"} ${expected}`;
}

const units: Record<string, [one: string, more: string]> = {
  string: [" character", " characters"],
  array: [" entry", " entries"],
};

function limitText(origin: string, side: string, limit: number | bigint): string {
  return `${side} ${limit}${units[origin]?.[Number(limit) === 1 ? 0 : 1] ?? ""}`;
}
