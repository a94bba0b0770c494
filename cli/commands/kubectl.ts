import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { execa } from "execa";
import { ensurePrograms } from "../../tools/index.ts";
import { kubeconfigOf } from "../kubeconfig.ts";
import { examples, stackOption } from "../options.ts";
import { toolProgress } from "../preparing/toolProgress.ts";
import { withPrivateFolder } from "../privateFolder.ts";
import { openStack } from "../stack/openStack.ts";

export const kubectlCommand = new Command("kubectl")
  .description("run kubectl on the stack's cluster")
  .argument("[arguments...]", "kubectl's own")
  .addOption(stackOption())
  .passThroughOptions()
  .allowUnknownOption()
  .helpOption("--help", "display help for command")
  .addHelpText(
    "after",
    examples(
      {
        "./groundwork kubectl get nodes": "on the lab's cluster",
        "./groundwork kubectl --stack production get pods -A": "--stack comes first",
      },
      "kubectl's own; 2 where it could not be started",
    ),
  )
  .action(async (words: string[], { stack }: { stack: string }, command: Command) => {
    const misplaced = misplacedStack(words);
    if (misplaced !== undefined) command.error(misplaced);
    const { engine, configuration } = await openStack(stack);
    const wanted = configuration.streams.delta.enabled;
    process.exitCode = await kubectl(words, kubeconfigOf(await engine.export(), { stack, wanted }));
  });

/** What is wrong with kubectl's arguments where they hold our `--stack`, which kubectl does not know. */
export function misplacedStack(words: string[]): string | undefined {
  const end = words.indexOf("--");
  const at = words.findIndex((word, index) => /^--stack(=|$)/.test(word) && (end < 0 || index < end));
  const found = words[at];
  if (found === undefined) return undefined;
  const [, inside] = found.split("=");
  const name = inside ?? words[at + 1] ?? "NAME";
  const rest = [...words.slice(0, at), ...words.slice(at + (inside === undefined ? 2 : 1))];
  return `error: --stack comes before kubectl's arguments: ./groundwork kubectl --stack ${name} ${rest.join(" ")}`;
}

/** Runs kubectl with a configuration that only this user can read, and only as long as it runs. */
async function kubectl(words: string[], kubeconfig: string): Promise<number> {
  const program = (await ensurePrograms(["kubectl"], { progress: toolProgress() })).get("kubectl");
  return withKubeconfig(program?.path ?? "kubectl", words, kubeconfig);
}

/** Runs a program with the configuration of a cluster. Its exit code; 2 where a signal ended it. */
export async function withKubeconfig(program: string, words: string[], kubeconfig: string): Promise<number> {
  return withPrivateFolder(async (folder, stopped) => {
    const file = join(folder, "kubeconfig");
    await writeFile(file, kubeconfig, { mode: 0o600 });
    const { exitCode } = await execa(program, words, {
      stdio: "inherit",
      reject: false,
      env: { KUBECONFIG: file },
      cancelSignal: stopped,
      forceKillAfterDelay: false,
    });
    return exitCode ?? 2;
  });
}
