import type { Command } from "commander";
import { destroyCommand } from "../../cli/commands/destroy.ts";
import { driftCommand } from "../../cli/commands/drift.ts";
import { envCommand } from "../../cli/commands/env.ts";
import { kubectlCommand } from "../../cli/commands/kubectl.ts";
import { labCommand } from "../../cli/commands/lab.ts";
import { previewCommand } from "../../cli/commands/preview.ts";
import { rollbackCommand } from "../../cli/commands/rollback.ts";
import { testCommand } from "../../cli/commands/test.ts";
import { trustCommand } from "../../cli/commands/trust.ts";
import { upCommand } from "../../cli/commands/up.ts";
import { verifyCommand } from "../../cli/commands/verify.ts";
import { markdownTable } from "./markdown.ts";

/** Every command, in the order in which a person meets them. */
export const commands: Command[] = [
  upCommand,
  previewCommand,
  verifyCommand,
  driftCommand,
  rollbackCommand,
  destroyCommand,
  trustCommand,
  kubectlCommand,
  labCommand,
  envCommand,
  testCommand,
];

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
