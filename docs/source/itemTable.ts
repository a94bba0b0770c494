import { type Item, type ItemKindName, itemKinds } from "../../provider/items/index.ts";
import type { ItemKind } from "../../provider/items/kind.ts";
import { grouped } from "./itemGroups.ts";
import { type ItemSpec, itemSpecs } from "./itemSpecs.ts";
import { markdownTable } from "./markdown.ts";

/** Links to every group of kinds, then a table for each: what a kind is, what a restore promises, its time limit. */
export function itemTables(): string {
  const tables = grouped(itemSpecs());
  const links = tables.map(
    ([group]) => `- [${group}](#${group.toLowerCase().replace(/,/g, "").replaceAll(" ", "-")})`,
  );
  return [links.join("\n"), ...tables.map(([group, specs]) => `### ${group}\n\n${tableOf(specs)}`)].join(
    "\n\n",
  );
}

function tableOf(specs: ItemSpec[]): string {
  const rows = specs.map(({ kind, description }) => [
    `[\`${kind}\`](#${kind.toLowerCase()})`,
    firstSentence(description),
    restoresText(kind as ItemKindName),
    `${itemKinds[kind as ItemKindName].timeLimit} s`,
  ]);
  return markdownTable(["kind", "what", "restored", "time limit"], rows);
}

/** Up to a full stop that a capital letter follows, outside brackets. */
const firstSentence = (text: string): string => text.match(/^.*?\.(?= [A-Z]|$)/)?.[0] ?? text;

/** A kind's promise; where it hangs on `undo`, both. */
function restoresText(name: ItemKindName): string {
  const kind = itemKinds[name] as unknown as ItemKind<Item>;
  const promise = (fields: object): string => kind.restores({ kind: name, ...fields } as Item);
  const [without, withUndo] = [promise({}), promise({ undo: ":" })];
  return without === withUndo ? without : `${without}; with \`undo\`: ${withUndo}`;
}
