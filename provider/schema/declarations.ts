import { readFileSync } from "node:fs";
import ts from "typescript";

/** A field's type, as far as contracts use it. */
export type DeclaredType =
  | { is: "string" | "number" | "boolean" }
  | { is: "literal"; values: string[] }
  | { is: "list"; of: DeclaredType }
  | { is: "record"; of: DeclaredType }
  | { is: "name"; name: string };

/** A field of an interface, with its docstring. */
export interface DeclaredField {
  name: string;
  description: string;
  optional: boolean;
  type: DeclaredType;
}

/** An interface or a class with the fields it declares itself, and the interfaces it extends. */
export interface Declaration {
  name: string;
  description: string;
  extends: string[];
  fields: DeclaredField[];
}

/** The exported interfaces of TypeScript files by name. Read as text: no program is built, so it takes milliseconds. */
export function readInterfaces(files: URL[]): Map<string, Declaration> {
  const found = files.flatMap((file) =>
    statementsOf(file)
      .filter(ts.isInterfaceDeclaration)
      // A generic one describes code, not data.
      .filter((node) => node.typeParameters === undefined)
      .map(interfaceOf),
  );
  return new Map(found.map((declaration) => [declaration.name, declaration]));
}

/** The classes of a TypeScript file by name, with the properties they declare for the engine's outputs. */
export function readClasses(file: URL): Map<string, Declaration> {
  const found = statementsOf(file)
    .filter(ts.isClassDeclaration)
    .map((node): Declaration => {
      const declared = node.members
        .filter(ts.isPropertyDeclaration)
        .filter((member) =>
          member.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.DeclareKeyword),
        );
      return {
        name: node.name?.text ?? "",
        description: docOf(node),
        extends: [],
        fields: declared.map((member) => ({
          name: member.name.getText(),
          description: docOf(member),
          optional: outputOf(member.type).kind === ts.SyntaxKind.UnionType,
          type: typeOf(outputOf(member.type)),
        })),
      };
    });
  return new Map(found.map((declaration) => [declaration.name, declaration]));
}

/** The fields of an interface, inherited ones first. */
export function fieldsOf(interfaces: Map<string, Declaration>, name: string): DeclaredField[] {
  const declaration = interfaces.get(name);
  if (declaration === undefined) throw new Error(`there is no interface ${name}`);
  return [...declaration.extends.flatMap((parent) => fieldsOf(interfaces, parent)), ...declaration.fields];
}

function statementsOf(file: URL): ts.Statement[] {
  const source = ts.createSourceFile(
    file.pathname,
    readFileSync(file, "utf8"),
    ts.ScriptTarget.Latest,
    // Docstrings and texts are found through the parents.
    true,
  );
  return [...source.statements];
}

function interfaceOf(node: ts.InterfaceDeclaration): Declaration {
  return {
    name: node.name.text,
    description: docOf(node),
    extends: (node.heritageClauses ?? []).flatMap((clause) =>
      clause.types.map((type) => type.expression.getText()),
    ),
    fields: node.members.filter(ts.isPropertySignature).map((member) => ({
      name: member.name.getText(),
      description: docOf(member),
      optional: member.questionToken !== undefined,
      type: typeOf(member.type),
    })),
  };
}

/** The text of a docstring on one line, `{@link X}` as `X`. */
function docOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node);
  if (comment === undefined || !ts.isJSDoc(comment)) return "";
  const lines = comment
    .getText()
    .replace(/^\/\*\*|\*\/$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, "").trimEnd());
  return lines
    .join(" ")
    .replace(/\{@link ([^}]+)\}/g, "`$1`")
    .replace(/\s+/g, " ")
    .trim();
}

/** `T` of `pulumi.Output<T>`. */
function outputOf(node: ts.TypeNode | undefined): ts.TypeNode {
  if (node !== undefined && ts.isTypeReferenceNode(node) && node.typeArguments?.[0] !== undefined)
    return node.typeArguments[0];
  throw new Error(`${node?.getText()} is not an output`);
}

const keywords: Partial<Record<ts.SyntaxKind, "string" | "number" | "boolean">> = {
  [ts.SyntaxKind.StringKeyword]: "string",
  [ts.SyntaxKind.NumberKeyword]: "number",
  [ts.SyntaxKind.BooleanKeyword]: "boolean",
};

function typeOf(node: ts.TypeNode | undefined): DeclaredType {
  if (node === undefined) throw new Error("a field has no type");
  const keyword = keywords[node.kind];
  if (keyword !== undefined) return { is: keyword };
  if (ts.isArrayTypeNode(node)) return { is: "list", of: typeOf(node.elementType) };
  if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal))
    return { is: "literal", values: [node.literal.text] };
  if (ts.isUnionTypeNode(node)) return unionOf(node);
  if (ts.isTypeReferenceNode(node)) return referenceOf(node);
  throw new Error(`${node.getText()} has no counterpart in a package schema`);
}

/** Texts to choose from, or a type that may be missing. */
function unionOf(node: ts.UnionTypeNode): DeclaredType {
  const present = node.types.filter((type) => type.kind !== ts.SyntaxKind.UndefinedKeyword);
  const members = present.map(typeOf);
  if (members.length === 1 && members[0] !== undefined) return members[0];
  return {
    is: "literal",
    values: members.flatMap((member) => {
      if (member.is !== "literal") throw new Error(`${node.getText()} is not a choice of texts`);
      return member.values;
    }),
  };
}

function referenceOf(node: ts.TypeReferenceNode): DeclaredType {
  const name = node.typeName.getText();
  return name === "Record" ? { is: "record", of: typeOf(node.typeArguments?.[1]) } : { is: "name", name };
}
