import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { z } from "zod";
import { configurationSchema } from "./configuration.ts";

/** The JSON Schema of `Pulumi.*.yaml` for editors. Run as a program it writes {@link schemaFile}. */
export const schemaFile = fileURLToPath(new URL("groundwork.schema.generated.json", import.meta.url));

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  [other: string]: unknown;
}

/** The schema's text: our properties below `config`, those of the engine beside it. */
export function schemaText(): string {
  const { $defs, $schema } = z.toJSONSchema(configurationSchema, { io: "input" }) as {
    $schema: string;
    $defs: Record<string, Schema>;
  };
  const { Configuration, ...definitions } = describe($defs);
  const schema = {
    $schema,
    title: "A stack of Groundwork",
    description: "Written by stacks/groundworkSchema.ts.",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(
          Object.entries(Configuration?.properties ?? {}).map(([name, property]) => [
            `groundwork:${name}`,
            property,
          ]),
        ),
        required: ["groundwork:machines"],
      },
      encryptionsalt: { type: "string" },
      encryptedkey: { type: "string" },
      secretsprovider: { type: "string" },
    },
    additionalProperties: false,
    $defs: definitions,
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** Where the settings are described; a file comes after those whose interfaces it extends. */
const sources = [
  "../components/security/securitySettings.ts",
  "../components/monitoring/monitoringSettings.ts",
  "../components/kubernetes/clusterSettings.ts",
  "configuration/machines.ts",
  "configuration/network.ts",
  "configuration/streams.ts",
  "configuration.ts",
];

/** Definitions with the comments of the interfaces of the same name: they are written once. */
function describe(definitions: Record<string, Schema>): Record<string, Schema> {
  const comments: Comments = new Map();
  for (const source of sources) readComments(fileURLToPath(new URL(source, import.meta.url)), comments);
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [
      name,
      { ...definition, ...described(definition, name, comments) },
    ]),
  );
}

function described(definition: Schema, name: string, comments: Comments): Schema {
  const properties = Object.entries(definition.properties ?? {}).map(([property, schema]) => {
    const description = comments.get(`${name}.${property}`);
    return [property, description === undefined ? schema : { description, ...schema }];
  });
  return { description: comments.get(name), properties: Object.fromEntries(properties) };
}

/** Comments by `Interface` and `Interface.property`; inherited properties count for the heir. */
type Comments = Map<string, string>;

function readComments(path: string, comments: Comments): void {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  for (const statement of source.statements) {
    if (!ts.isInterfaceDeclaration(statement)) continue;
    const name = statement.name.text;
    for (const heritage of statement.heritageClauses ?? [])
      for (const type of heritage.types) inheritAll(comments, type, name);
    comments.set(name, commentOf(statement));
    for (const member of statement.members)
      if (member.name !== undefined) comments.set(`${name}.${member.name.getText()}`, commentOf(member));
  }
}

/** From an interface that is extended, also inside `Required<Pick<…>>`. */
function inheritAll(comments: Comments, node: ts.Node, to: string): void {
  if (ts.isIdentifier(node)) inherit(comments, node.text, to);
  ts.forEachChild(node, (child) => inheritAll(comments, child, to));
}

function inherit(comments: Comments, from: string, to: string): void {
  for (const [key, comment] of [...comments])
    if (key.startsWith(`${from}.`)) comments.set(key.replace(from, to), comment);
}

function commentOf(node: ts.Node): string {
  const texts = ts.getJSDocCommentsAndTags(node).map((part) => ts.getTextOfJSDocComment(part.comment) ?? "");
  return texts.join(" ").replace(/\s+/g, " ").trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(schemaFile, schemaText());
