import type { Command } from "commander";
import { commands } from "../../cli/commands/index.ts";
import { markdownTable } from "./markdown.ts";

/** Every command with its arguments and options, as `--help` knows them. */
export function commandTable(): string {
  return markdownTable(
    ["command", "what it does", "options"],
    commands.flatMap((command) =>
      command.commands.length === 0
        ? [row("", command)]
        : command.commands.map((inner) => row(`${command.name()} `, inner)),
    ),
  );
}

function row(above: string, command: Command): string[] {
  const args = command.registeredArguments.map((argument) => {
    const choices = argument.argChoices?.join("|");
    return choices ?? (argument.required ? argument.name().toUpperCase() : `[${argument.name()}]`);
  });
  const options = command.options.map((option) => `\`${option.long}\``);
  return [
    `\`${["./groundwork", `${above}${command.name()}`, ...args].join(" ")}\``,
    command.description(),
    options.join(" "),
  ];
}
