import { readFileSync } from "node:fs";
import { documentPath, documents } from "../../../docs/source/documents.ts";

/** A document with its text. */
export interface Document {
  /** Relative to the project's folder. */
  path: string;
  text: string;
}

/** Every document for people. */
export const readDocuments = (): Document[] =>
  documents().map((path) => ({ path, text: readFileSync(documentPath(path), "utf8") }));

/** A fenced block. */
export interface Block {
  document: string;
  /** Line of its first line of content. */
  line: number;
  language: string;
  content: string;
}

/** The fenced blocks of a document. */
export function blocksOf({ path, text }: Document): Block[] {
  return [...text.matchAll(/^```([a-z]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    document: path,
    line: text.slice(0, match.index).split("\n").length + 1,
    language: match[1] ?? "",
    content: match[2] ?? "",
  }));
}

/** The document without its fenced blocks, line for line. */
export const prose = ({ text }: Document): string =>
  text.replace(/^```[\s\S]*?^```$/gm, (block) => block.replace(/[^\n]/g, ""));

/** The anchors of a document's headings, as its viewers make them. */
export function anchorsOf(document: Document): string[] {
  return [...prose(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
