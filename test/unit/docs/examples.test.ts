import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import ts from "typescript";
import { configurationOf } from "../../../cli/stack/stackFile.ts";
import { root } from "../../../docs/source/documents.ts";
import { itemKinds } from "../../../provider/items/index.ts";
import { examineConfiguration } from "../../../stacks/configuration.ts";
import { type Block, blocksOf, readDocuments } from "./documents.ts";

const blocks = readDocuments().flatMap(blocksOf);
const place = ({ document, line }: Block): string => `${document}:${line}`;

describe("examples in documents", () => {
  it("are type-checked as files of the project's folder", () => {
    const examples = blocks.filter(({ language }) => language === "ts");
    assert.ok(examples.length > 0);
    assert.deepEqual(typeErrors(examples), []);
  });

  it("are items of their kind where they are one item", () => {
    const items = blocks.filter(isItem);
    const kinds = items.map(({ content }) => content.match(/kind: "(\w+)"/)?.[1]);
    assert.deepEqual([...new Set(kinds)].sort(), Object.keys(itemKinds).sort());
    const [error] = typeErrors([
      { document: "x.md", line: 3, language: "ts", content: '{ kind: "file", pat: "" }' },
    ]);
    assert.match(error ?? "", /^x\.md:3: .*'pat' does not exist/);
  });

  it("are found wrong where a type does not hold", () => {
    const content = 'import { checks } from "./components/index.ts";\nchecks.unitActive(80);\n';
    const [error, ...others] = typeErrors([{ document: "x.md", line: 3, language: "ts", content }]);
    assert.match(error ?? "", /^x\.md:3: Argument of type 'number' is not assignable/);
    assert.deepEqual(others, []);
  });

  for (const block of blocks.filter(({ language }) => language === "yaml"))
    it(`are configurations that a stack takes: ${place(block)}`, () => {
      const own = configurationOf(block.content, place(block));
      // A block that shows some settings only is about the lab's machines.
      const lab = { machines: { a: { lab: { roles: ["server", "monitoring"] } } } };
      const { problems } = examineConfiguration({ ...lab, ...own });
      // Before `trust` a machine has no pin.
      assert.deepEqual(
        problems.filter(({ code }) => code !== "GW203"),
        [],
      );
    });

  it("are in languages that are checked, or are plain text", () => {
    for (const block of blocks)
      assert.ok(["ts", "yaml", "sh", "console", "text", "mermaid"].includes(block.language), place(block));
  });
});

/** An element of a list of items, not a whole file. */
const isItem = ({ content }: Block): boolean => /^\{\s*kind: "/.test(content);

/** A block as a file; `kind` alone decides which item an element is. */
const fileOf = (block: Block): string =>
  isItem(block)
    ? `import type { Item } from "./provider/index.ts";\nexport const items: Item[] = [\n${block.content}];\n`
    : block.content;

/** A program of one's own lies in a folder inside the project. */
const folderOf = ({ content }: Block): string => (content.includes('from "../') ? "mine" : "");

/** What the type checker says of blocks, each a file of its own in the project's folder that is never written. */
function typeErrors(examples: Block[]): string[] {
  const files = new Map(
    examples.map(
      (block, index) => [join(root, folderOf(block), `documentExample${index}.ts`), block] as const,
    ),
  );
  const contentOf = (path: string): string | undefined => {
    const block = files.get(path);
    return block && fileOf(block);
  };
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => contentOf(path) ?? readFile(path);
  host.getSourceFile = (path, target, ...more) => {
    const content = contentOf(path);
    return content === undefined
      ? getSourceFile(path, target, ...more)
      : ts.createSourceFile(path, content, target);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files].flatMap(([path, block]) => {
    const source = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${place(block)}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
  });
}
