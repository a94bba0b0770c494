import type { Command } from "commander";
import { destroyCommand } from "./destroy.ts";
import { driftCommand } from "./drift.ts";
import { envCommand } from "./env.ts";
import { kubectlCommand } from "./kubectl.ts";
import { labCommand } from "./lab.ts";
import { previewCommand } from "./preview.ts";
import { rollbackCommand } from "./rollback.ts";
import { testCommand } from "./test.ts";
import { trustCommand } from "./trust.ts";
import { upCommand } from "./up.ts";
import { verifyCommand } from "./verify.ts";

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
