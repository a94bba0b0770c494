import { catalogue } from "./catalogue.ts";

const families: Record<string, string> = {
  GW1: "Configuration",
  GW2: "Connection",
  GW3: "Items and transactions",
  GW4: "Checks and gates",
  GW5: "Lab",
  GW6: "Tool chain",
  GW7: "Commands",
};

/** Pages that a message names by their path are links in the document, which lies beside them. */
const linked = (text: string): string => text.replace(/docs\/((\w+)\.md)/g, "[$2]($1)");

/** `docs/errors.md`: the catalogue for people. Run this file to write it: `node errors/document.ts >docs/errors.md`. */
export function errorDocument(): string {
  const sections = Object.entries(families).map(([prefix, title]) => {
    const rows = Object.entries(catalogue)
      .filter(([code]) => code.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, entry]) => `| ${code} | ${entry.title} | ${linked(entry.mend)} |`);
    return [`## ${title}`, "", "| code | what happened | what to do |", "|---|---|---|", ...rows, ""].join(
      "\n",
    );
  });
  const head =
    "# Errors\n\nEvery error says its code, what was found, where, and how to mend it. Codes are never reused.\n";
  return [head, ...sections].join("\n");
}

if (import.meta.main) process.stdout.write(errorDocument());
