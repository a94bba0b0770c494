import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { commands } from "../../../cli/commands/index.ts";

/** What `--help` prints. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

const every = commands.flatMap((command) => [
  { words: command.name(), command },
  ...command.commands.map((inner) => ({ words: `${command.name()} ${inner.name()}`, command: inner })),
]);

describe("the help of a command", () => {
  for (const { words, command } of every)
    it(`shows an example of ${words}`, () => {
      const [, examples = ""] = helpOf(command).split("\nExamples:\n");
      assert.match(examples, new RegExp(`^ {2}.*\\./groundwork ${words}`));
    });

  it("says of each example what it is for", () => {
    const rows = every.flatMap(({ command }) => {
      const [, examples = ""] = helpOf(command).split("\nExamples:\n");
      return (examples.split("\n\n")[0] ?? "").split("\n").filter((row) => row.trim() !== "");
    });
    for (const row of rows) assert.match(row, /^ {2}\S.* {2}\S/, row);
  });

  it("is what a mistake in its words points at", () => {
    const main = fileURLToPath(new URL("../../../cli/main.ts", import.meta.url));
    for (const [words, hint] of [
      [["up", "--bogus"], "./groundwork up --help"],
      [["lab", "fail", "m1", "mood"], "./groundwork lab fail --help"],
      [["bogus"], "./groundwork --help"],
    ] as const) {
      const { status, stderr } = spawnSync(process.execPath, [main, ...words], { encoding: "utf8" });
      assert.equal(status, 2);
      assert.ok(stderr.includes(`(${hint} shows`), stderr);
    }
  });
});
