import { stringify } from "yaml";

/** A YAML file of one or more documents; the same objects give the same bytes. */
export function yamlText(...documents: readonly object[]): string {
  return documents.map((document) => stringify(document, { lineWidth: 0 })).join("---\n");
}
