import { globSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Every document for people, relative to the project's folder. */
export const documents = (): string[] =>
  ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...globSync("docs/*.md", { cwd: root }).sort()].map(
    (path) => path.split("\\").join("/"),
  );

export const documentPath = (document: string): string => join(root, document);
