import { readFileSync } from "node:fs";
import { type Item, type ItemKindName, itemKinds } from "../../provider/items/index.ts";
import type { ItemKind } from "../../provider/items/kind.ts";
import { markdownTable } from "./markdown.ts";

interface PackageSchema {
  types: Record<string, { description?: string; properties?: Record<string, unknown>; required?: string[] }>;
}

/** Every kind: what it is, what it is told, what a restore promises. */
export function itemTable(): string {
  const file = new URL("../../provider/schema.json", import.meta.url);
  const { types } = JSON.parse(readFileSync(file, "utf8")) as PackageSchema;
  const rows = (Object.keys(itemKinds) as ItemKindName[]).map((name) => {
    const { description = "", properties = {}, required = [] } = types[typeOf(name)] ?? {};
    const fields = Object.keys(properties)
      .filter((field) => !["kind", "timeLimit"].includes(field))
      .map((field) => (required.includes(field) ? `**${field}**` : field));
    return [`\`${name}\``, description, fields.join(", "), restoresText(name)];
  });
  return markdownTable(["kind", "what", "fields (bold: required)", "restored"], rows);
}

const typeOf = (name: string): string =>
  `groundwork:index:${name.slice(0, 1).toUpperCase()}${name.slice(1)}Item`;

/** A kind's promise; where it hangs on `undo`, both. */
function restoresText(name: ItemKindName): string {
  const kind = itemKinds[name] as unknown as ItemKind<Item>;
  const promise = (fields: object): string => kind.restores({ kind: name, ...fields } as Item);
  const [without, withUndo] = [promise({}), promise({ undo: ":" })];
  return without === withUndo ? without : `${without}; with \`undo\`: ${withUndo}`;
}
