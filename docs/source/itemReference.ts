import { readFileSync } from "node:fs";
import ts from "typescript";
import { grouped } from "./itemGroups.ts";
import { itemSpecs } from "./itemSpecs.ts";
import { markdownTable, paragraph } from "./markdown.ts";

/** A section for each kind, group by group: what it is, its fields, an example. */
export function itemReference(): string {
  const examples = exampleTexts();
  return grouped(itemSpecs())
    .flatMap(([, specs]) => specs)
    .map(({ kind, description, fields }) =>
      [
        `### \`${kind}\``,
        paragraph(description),
        markdownTable(
          ["field (bold: required)", "takes", "what"],
          fields.map(({ name, required, takes, description: what }) => [
            required ? `**${name}**` : name,
            takes,
            what,
          ]),
        ),
        `\`\`\`ts\n${examples.get(kind) ?? ""}\n\`\`\``,
      ].join("\n\n"),
    )
    .join("\n\n");
}

/** The examples by kind, as they are written in their file. */
export function exampleTexts(): Map<string, string> {
  const file = new URL("itemExamples.ts", import.meta.url);
  const source = ts.createSourceFile(
    file.pathname,
    readFileSync(file, "utf8"),
    ts.ScriptTarget.Latest,
    // The text of a node is found through its parents.
    true,
  );
  const [object] = source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations])
    .map(({ initializer }) => initializer);
  if (object === undefined || !ts.isObjectLiteralExpression(object))
    throw new Error("itemExamples.ts holds no object of examples");
  return new Map(
    object.properties
      .filter(ts.isPropertyAssignment)
      .map(({ name, initializer }) => [name.getText(), initializer.getText().replaceAll("\n  ", "\n")]),
  );
}
