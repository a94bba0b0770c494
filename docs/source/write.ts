import { readFileSync, writeFileSync } from "node:fs";
import { documentPath, documents } from "./documents.ts";
import { written } from "./markdown.ts";
import { parts, picture } from "./parts.ts";

// Writes what documents say of the code: `node docs/source/write.ts`.
const current = parts();
for (const document of documents()) {
  const path = documentPath(document);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, written(text, current));
}
writeFileSync(documentPath("docs/graph.svg"), await picture());
