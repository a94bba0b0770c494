import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Command } from "commander";
import { commands } from "../../../cli/commands/index.ts";
import { root } from "../../../docs/source/documents.ts";
import { readDocuments } from "./documents.ts";

describe("commands in documents", () => {
  it("are all in the list that the program and the documents have them from", () => {
    const files = readdirSync(join(root, "cli/commands"))
      .map((file) => file.replace(/\.ts$/, ""))
      .filter((file) => file !== "index");
    assert.deepEqual(commands.map((command) => command.name()).sort(), files.sort());
  });

  for (const { path, text } of readDocuments())
    it(`exist with the options and arguments shown in ${path}`, () => {
      const wrong = callsOf(text).flatMap((call) =>
        problemsOf(call).map((problem) => `./groundwork ${call.join(" ")}: ${problem}`),
      );
      assert.deepEqual(wrong, []);
    });

  it("are found wrong where they do not exist", () => {
    const wrong = (call: string): string[] => callsOf(call).flatMap(problemsOf);
    assert.deepEqual(wrong("`./groundwork rise`"), ["there is no such command"]);
    assert.deepEqual(wrong("`./groundwork lab pause`"), ["there is no such command"]);
    assert.deepEqual(wrong("`./groundwork up --force`"), ["there is no option --force"]);
    assert.deepEqual(wrong("`./groundwork rollback`"), ["an argument is missing: stream"]);
    assert.deepEqual(wrong("`./groundwork kubectl get nodes --watch`"), []);
  });
});

/** The words of every call of `./groundwork` up to the end of its line, code or pipe. */
function callsOf(text: string): string[][] {
  return [...text.matchAll(/\.\/groundwork((?: +(?:'[^'\n]*'|[^\s`"'#&|;()]+(?:\\?\|[a-z]+)*))+)/g)].map(
    ([, words = ""]) => [...words.matchAll(/'[^']*'|\S+/g)].map(([word]) => word.replace(/[,.:]$/, "")),
  );
}

function problemsOf([name = "", ...words]: string[]): string[] {
  // Options of every command, and a name that stands for any.
  if (name === "COMMAND" || name === "--help" || name === "…") return [];
  const command = commands.find((known) => known.name() === name);
  if (command === undefined) return ["there is no such command"];
  if (command.commands.length === 0) return wordProblems(command, words);
  const [inner = "", ...rest] = words;
  const found = command.commands.find((known) => known.name() === inner);
  return found === undefined ? ["there is no such command"] : wordProblems(found, rest);
}

function wordProblems(command: Command, words: string[]): string[] {
  const problems: string[] = [];
  let given = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    // What follows is another program's.
    if (word === "--" || (command.name() === "kubectl" && !word.startsWith("-"))) break;
    if (!word.startsWith("-")) {
      given += 1;
      continue;
    }
    const option = command.options.find(({ long, short }) => long === word || short === word);
    if (option === undefined && word !== "--help") problems.push(`there is no option ${word}`);
    if (option?.required) at += 1;
  }
  const missing = command.registeredArguments.filter(({ required }) => required)[given];
  return missing === undefined ? problems : [...problems, `an argument is missing: ${missing.name()}`];
}
