import { Command } from "commander";
import { GroundworkError } from "../errors/index.ts";
import { commands } from "./commands/index.ts";
import { EngineFailure } from "./engine/command.ts";
import { examples } from "./options.ts";
import { errorText } from "./progress/messageText.ts";
import { withdrawConsent } from "./withdrawConsent.ts";

const program = new Command("groundwork")
  .description("Takes machines from a bare address to a running, verified platform.")
  .addHelpText(
    "after",
    examples(
      { "./groundwork up": "bring up the lab", "./groundwork up --help": "more on one command" },
      "0 done, 1 something failed or is not as declared, 2 nothing could be started; a command's help says more",
    ),
  )
  .enablePositionalOptions()
  .hook("preAction", () => withdrawConsent())
  .showHelpAfterError("(./groundwork --help shows the commands)")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
for (const command of commands) program.addCommand(withSettings(command));

/** Subcommands end as the program does, and point at their own help. */
function withSettings(command: Command, words = command.name()): Command {
  command
    .copyInheritedSettings(program)
    .showHelpAfterError(`(./groundwork ${words} --help shows how it is used)`);
  for (const inner of command.commands) withSettings(inner, `${words} ${inner.name()}`);
  return command;
}

/** Coded errors and the engine's own words are for people; anything else is a defect, where the stack helps. */
function explanation(error: unknown): string {
  if (error instanceof GroundworkError) return error.message;
  if (error instanceof EngineFailure) return errorText(error.message);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = 2;
  process.stderr.write(`error: ${explanation(error)}\n`);
}
