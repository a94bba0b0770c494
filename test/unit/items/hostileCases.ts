import { itemExamples } from "../../../docs/source/itemExamples.ts";
import { renderProgram } from "../../../provider/engine/program.ts";
import type { Item, ItemKindName } from "../../../provider/index.ts";
import { operation } from "../provider/smallSpec.ts";
import { hostileRows, type Row } from "./hostileRows.ts";

/** A value in its place. */
export interface Case {
  kind: ItemKindName;
  field: string;
  row: Row;
  value: string;
}

/** The example of its kind with the value in its field. */
export function itemOf({ kind, field, row, value }: Case): Item {
  const [name = "", list] = field.split("[");
  const fields = row.fields?.(value) ?? { [name]: list === undefined ? value : [value] };
  const all = Object.entries({ ...itemExamples[kind], ...fields });
  return Object.fromEntries(all.filter(([, each]) => each !== undefined)) as unknown as Item;
}

/** Every field of a kind with each of the texts, as it is and as such a field has it. */
export const casesOf = (kind: ItemKindName, texts: readonly string[]): Case[] =>
  Object.entries(hostileRows[kind]).flatMap(([field, row]) =>
    texts
      .flatMap((text) => (row.dress === undefined ? [text] : [text, row.dress(text)]))
      .map((value) => ({ kind, field, row, value })),
  );

/** A program of the provider that, in the place of its operation, does something else. */
export function programFor(items: Item[], script: string): string {
  const program = renderProgram({ items }, { ...operation, tickets: {} });
  return program.replace(/<\/dev\/null gw_main apply END\n$/, () => `${script}\n`);
}
