import { Command } from "commander";
import { GroundworkError } from "../errors/index.ts";
import { destroyCommand } from "./commands/destroy.ts";
import { driftCommand } from "./commands/drift.ts";
import { envCommand } from "./commands/env.ts";
import { kubectlCommand } from "./commands/kubectl.ts";
import { labCommand } from "./commands/lab.ts";
import { previewCommand } from "./commands/preview.ts";
import { rollbackCommand } from "./commands/rollback.ts";
import { testCommand } from "./commands/test.ts";
import { trustCommand } from "./commands/trust.ts";
import { upCommand } from "./commands/up.ts";
import { verifyCommand } from "./commands/verify.ts";

const program = new Command("groundwork")
  .description("Takes machines from a bare address to a running, verified platform.")
  .enablePositionalOptions()
  .showHelpAfterError("(./groundwork --help shows the commands)")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
for (const command of [
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
])
  program.addCommand(withSettings(command));

/** Subcommands end as the program does. */
function withSettings(command: Command): Command {
  command.copyInheritedSettings(program);
  for (const inner of command.commands) inner.copyInheritedSettings(program);
  return command;
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = 2;
  // Anything but a coded error is a defect of Groundwork itself: its stack is what helps.
  const text = error instanceof GroundworkError ? error.message : (error as Error).stack;
  process.stderr.write(`error: ${text}\n`);
}
