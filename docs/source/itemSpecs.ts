import { itemKinds } from "../../provider/items/index.ts";
import {
  contractInterfaces,
  type EnumSpec,
  itemInterface,
  type ObjectSpec,
  type PropertySpec,
  packageSchema,
} from "../../provider/schema/packageSchema.ts";

/** A field of a kind, for people. */
export interface FieldSpec {
  name: string;
  required: boolean;
  /** `text`, `list: text`, or the values to choose from. */
  takes: string;
  description: string;
}

/** A kind as its interface describes it. */
export interface ItemSpec {
  kind: string;
  description: string;
  /** Its own fields, without those that every kind has. */
  fields: FieldSpec[];
}

const ofEvery = ["kind", "timeLimit"];

/** Every kind in the order of its name. */
export function itemSpecs(): ItemSpec[] {
  const interfaces = contractInterfaces();
  const { types } = packageSchema();
  return Object.keys(itemKinds).map((kind) => {
    const { description, properties, required } = types[
      `groundwork:index:${itemInterface(interfaces, kind)}`
    ] as ObjectSpec;
    const fields = Object.entries(properties)
      .filter(([name]) => !ofEvery.includes(name))
      .map(([name, property]) => ({
        name,
        required: required.includes(name),
        takes: takesText(property, types),
        description: property.description ?? "",
      }));
    return { kind, description, fields };
  });
}

/** What values a property takes. */
function takesText(property: PropertySpec, types: Record<string, ObjectSpec | EnumSpec>): string {
  const { type, items, additionalProperties, $ref, const: only } = property;
  if (only !== undefined) return `\`${only}\``;
  if ($ref === "pulumi.json#/Asset") return "asset";
  const referred = $ref === undefined ? undefined : types[$ref.replace("#/types/", "")];
  if (referred?.type === "string") return referred.enum.map(({ value }) => `\`${value}\``).join(", ");
  if (referred !== undefined) return Object.keys(referred.properties).join(", ");
  if (items !== undefined) return `list: ${takesText(items, types)}`;
  if (additionalProperties !== undefined) return `by name: ${takesText(additionalProperties, types)}`;
  return { string: "text", integer: "whole number", boolean: "`true`, `false`" }[type ?? ""] ?? type ?? "";
}
