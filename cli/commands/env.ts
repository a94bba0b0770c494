import { Command } from "commander";
import type { engineEnvironment } from "../engine/environment.ts";
import { prepareEngine } from "../engine/openEngine.ts";
import { staysAsItIs } from "../engine/stackConfigFile.ts";
import { type CommonOptions, examples, stackOption } from "../options.ts";
import { prepare } from "../preparing/prepare.ts";
import { toolProgress } from "../preparing/toolProgress.ts";
import { say } from "../say.ts";
import { parallelOf } from "../stack/openStack.ts";
import { readStackFile } from "../stack/stackFile.ts";

export const envCommand = new Command("env")
  .description("print what a shell needs so that plain pulumi works on this project")
  .addOption(stackOption())
  .addHelpText("after", examples({ 'eval "$(./groundwork env)" && pulumi preview': "plain Pulumi" }))
  .action(async ({ stack }: Pick<CommonOptions, "stack">) => {
    const { configuration, file } = await readStackFile(stack);
    const progress = toolProgress();
    await prepare(configuration, progress);
    const parallel = parallelOf(configuration);
    process.stdout.write(environmentText(await prepareEngine({ file, parallel, progress })));
    if (staysAsItIs(file, process.env)) say(fileAdvice(stack));
  });

/** What plain Pulumi does to a file that commands of ours leave as it is. */
export const fileAdvice = (stack: string): string =>
  `plain pulumi writes an encryptionsalt into Pulumi.${stack}.yaml and may lay the file out anew: keep a copy, and put it back before you commit`;

/** Lines for a POSIX shell. */
export function environmentText(environment: ReturnType<typeof engineEnvironment>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join("");
}
