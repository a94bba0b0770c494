import { z } from "zod";

type Node = { [key: string]: unknown };

/** A place in a JSON Schema, with the whole that its references lead into. */
export interface JsonSchema {
  root: Node;
  node: Node;
}

/** What a zod schema accepts, in the terms of JSON Schema. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const root = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node;
  return { root, node: follow(root, root) };
}

/** The place that a path leads to: names of fields, `*` for every element, the `kind` of one variant of a union. */
export function resolve({ root, node }: JsonSchema, path: string[]): JsonSchema | undefined {
  let here: Node | undefined = node;
  for (const part of path) {
    here = here && step(here, part);
    here = here && follow(root, here);
  }
  return here && { root, node: here };
}

function step(node: Node, part: string): Node | undefined {
  if (part === "*") return (node.items ?? node.additionalProperties) as Node | undefined;
  const variants = node.oneOf as Node[] | undefined;
  if (variants !== undefined) return variants.find((variant) => kindOfVariant(variant) === part);
  return (node.properties as Record<string, Node> | undefined)?.[part];
}

function kindOfVariant(variant: Node): unknown {
  return (variant.properties as Record<string, Node> | undefined)?.kind?.const;
}

function follow(root: Node, node: Node): Node {
  const reference = node.$ref;
  if (typeof reference !== "string") return node;
  const target = reference
    .replace(/^#\/?/, "")
    .split("/")
    .filter((part) => part !== "")
    .reduce((here, part) => here[part] as Node, root);
  return follow(root, target);
}
