/** A table; a bar inside a cell is escaped. */
export function markdownTable(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

/** A paragraph in lines of at most 120 characters. */
export const paragraph = (text: string): string => text.replace(/(.{1,120})(?: |$)/g, "$1\n").trimEnd();

/** A place in a document that {@link written} fills. */
const place = /<!-- written by docs\/source\/write\.ts: (\w+) -->\n[\s\S]*?<!-- end -->/g;

/** The document with every such place filled. @throws where a place asks for what there is not */
export function written(document: string, parts: Record<string, string>): string {
  return document.replace(place, (_, name: string) => {
    const part = parts[name];
    if (part === undefined)
      throw new Error(`nothing writes ${name}; there are ${Object.keys(parts).join(", ")}`);
    return `<!-- written by docs/source/write.ts: ${name} -->\n${part}\n<!-- end -->`;
  });
}
