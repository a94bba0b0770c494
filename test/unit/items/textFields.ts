import type { z } from "zod";

/** What a schema is made of, as far as texts are concerned. */
interface Definition {
  type: string;
  innerType?: z.ZodType;
  element?: z.ZodType;
  keyType?: z.ZodType;
  valueType?: z.ZodType;
  options?: readonly z.ZodType[];
  shape?: Record<string, z.ZodType>;
  out?: z.ZodType;
}

/**
 * Where texts go in: `path`, `names[]` for those of a list, `parameters{name}` and
 * `parameters{value}` for those of a record,
 * `asset.path`. Whatever lies in a schema of `apart` is left out.
 */
export function textFields(schema: z.ZodType, apart: readonly z.ZodType[] = [], at = ""): string[] {
  const of = (inner: z.ZodType | undefined, place: string): string[] =>
    inner === undefined || apart.includes(inner) ? [] : textFields(inner, apart, place);
  const definition = schema.def as unknown as Definition;
  switch (definition.type) {
    case "string":
    case "enum":
    case "literal":
      return [at];
    case "number":
    case "boolean":
    case "undefined":
      return [];
    case "optional":
      return of(definition.innerType, at);
    case "pipe":
      return of(definition.out, at);
    case "array":
      return of(definition.element, `${at}[]`);
    case "record":
      return [...of(definition.keyType, `${at}{name}`), ...of(definition.valueType, `${at}{value}`)];
    case "union":
      return [...new Set((definition.options ?? []).flatMap((option) => of(option, at)))];
    case "object":
      return Object.entries(definition.shape ?? {}).flatMap(([name, inner]) =>
        of(inner, at === "" ? name : `${at}.${name}`),
      );
    default:
      throw new Error(`${at}: a schema of type ${definition.type} is not known here`);
  }
}
