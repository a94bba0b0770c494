import { z } from "zod";
import type { Problem } from "./problem.ts";

/**
 * Everything that is wrong with a value's shape, one problem for each property, in the order of the schema. `whole` is
 * what the value itself is called.
 */
export function schemaProblems(error: z.ZodError, schema: z.ZodType, whole: string): Problem[] {
  const parts = partsOf(schema);
  return error.issues
    .flatMap((issue) => problemsOfIssue(issue, parts))
    .map((problem) => (problem.path === "" ? { ...problem, path: whole } : problem));
}

type Issue = z.core.$ZodIssue;

function problemsOfIssue(issue: Issue, parts: Parts): Problem[] {
  const path = pathText(issue.path);
  const part = parts(issue.path);
  if (issue.code === "unrecognized_keys") {
    const allowed = Object.keys(part?.properties ?? {}).join(", ");
    return issue.keys.map((key) => ({
      code: "GW101",
      path: pathText([...issue.path, key]),
      what: `there is no such property (allowed: ${allowed})`,
    }));
  }
  if (issue.code === "invalid_key") {
    const rules = issue.issues.map((inner) => inner.message).join(" and ");
    return [{ code: "GW101", path, what: `"${String(issue.path.at(-1))}" is not allowed here: it ${rules}` }];
  }
  return [{ code: "GW101", path, what: `${valueText(issue.input)} ${ruleText(issue, part)}` }];
}

/** A property path as a person would write it. */
export function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return text.startsWith(".") ? text.slice(1) : text;
}

/** A value in a message: short, `nothing` where there is none, and `it` where only its parts say something. */
function valueText(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  const isPlain = (one: unknown): boolean => typeof one !== "object" && typeof one !== "function";
  if (!isPlain(value) && !(Array.isArray(value) && value.every(isPlain))) return "it";
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function ruleText(issue: Issue, part: Part | undefined): string {
  if (isOwnRule(issue.message)) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return `is given, but it must be ${allowedText(part)}`;
    case "invalid_value":
      return `is not one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
    case "too_big":
      return sizeText(issue, part);
    default:
      return issue.message;
  }
}

/** Our schemas' own messages are rules about the value; zod's own are not. */
const isOwnRule = (message: string): boolean => /^(must|is no) /.test(message);

type SizeIssue = z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig;

function sizeText(issue: SizeIssue, part: Part | undefined): string {
  const unit = units[issue.origin];
  if (unit === undefined) return `is given, but it must be ${allowedText(part)}`;
  const [side, limit] =
    issue.code === "too_small"
      ? ["too little: at least", issue.minimum]
      : ["too much: at most", issue.maximum];
  const choice = part?.items?.enum === undefined ? "" : ` of ${part.items.enum.join(", ")}`;
  return `is ${side} ${limit} ${unit[Number(limit) === 1 ? 0 : 1]}${choice}`;
}

const units: Record<string, [one: string, more: string]> = {
  string: ["character", "characters"],
  array: ["entry", "entries"],
};

/** A part of a schema, in the words of JSON Schema. */
interface Part {
  $ref?: string;
  $defs?: Record<string, Part>;
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Part>;
  additionalProperties?: Part;
  items?: Part;
}

/** Finds the part of a schema that a path leads to. */
type Parts = (path: readonly PropertyKey[]) => Part | undefined;

function partsOf(schema: z.ZodType): Parts {
  const whole = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Part;
  const resolve = (part: Part | undefined) =>
    part?.$ref === undefined ? part : whole.$defs?.[part.$ref.replace("#/$defs/", "")];
  return (path) =>
    path.reduce<Part | undefined>(
      (part, key) => resolve(part?.properties?.[String(key)] ?? part?.additionalProperties ?? part?.items),
      resolve(whole),
    );
}

/** What a part of a schema takes, in a few words. */
function allowedText(part: Part | undefined): string {
  if (part?.enum !== undefined) return `one of ${part.enum.join(", ")}`;
  switch (part?.type) {
    case "boolean":
      return "true or false";
    case "integer":
      return `a whole number${rangeText(part)}`;
    case "number":
      return `a number${rangeText(part)}`;
    case "array":
      return part.items?.enum === undefined ? "a list" : `a list of ${part.items.enum.join(", ")}`;
    case "object":
      return part.properties === undefined
        ? "an object"
        : `an object with ${Object.keys(part.properties).join(", ")}`;
    default:
      return "text";
  }
}

function rangeText({ minimum, maximum }: Part): string {
  if (minimum === undefined) return "";
  return maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
    ? ` of at least ${minimum}`
    : ` from ${minimum} to ${maximum}`;
}
