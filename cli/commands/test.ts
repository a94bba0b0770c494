import { Argument, Command } from "commander";
import { GroundworkError } from "../../errors/index.ts";
import { ensureDebianPackages, isDebian } from "../../tools/index.ts";
import { examples } from "../options.ts";
import { root } from "../root.ts";
import { closingText } from "../testing/closingText.ts";
import { type PartResult, runPart } from "../testing/runPart.ts";
import {
  findShellFiles,
  findTestFiles,
  runnerPart,
  sortTestFiles,
  staticParts,
  type TestFiles,
  type TestPart,
} from "../testing/testParts.ts";

interface TestOptions {
  long: boolean;
  withoutLab: boolean;
}

/** What the unit tests call: they check shell programs, firewall tables and certificates with the real programs. */
const testPackages = [
  "shellcheck",
  "nftables",
  "openssl",
  "openssh-client",
  "iproute2",
  "curl",
  "gpg",
  "gpg-agent",
];

export const testCommand = new Command("test")
  .description("run every check and test of the project")
  .addArgument(new Argument("[pattern]", "run only test files whose path holds this"))
  .option("--long", "also run the tests that take long", false)
  .option("--without-lab", "leave out what needs lab machines (root on Linux), and say so", false)
  .addHelpText(
    "after",
    examples(
      {
        "./groundwork test": "everything but what --long adds",
        "./groundwork test --long": "everything",
        "./groundwork test unit/provider": "some test files only",
      },
      "0 all passed, 1 something failed, 2 nothing could be started",
    ),
  )
  .action(async (pattern: string | undefined, options: TestOptions) => {
    process.exitCode = await test(pattern, options);
  });

async function test(pattern: string | undefined, options: TestOptions): Promise<number> {
  const files = sortTestFiles(await findTestFiles(root), pattern);
  const parts = [...(pattern === undefined ? await checks() : []), ...runners(files, options)];
  if (parts.length === 0)
    throw new GroundworkError("GW707", {
      where: pattern ?? "test",
      what: "no test file holds this in its path",
    });
  requireLab(files, options);
  const results: PartResult[] = [];
  const write = (text: string): void => void process.stdout.write(text);
  for (const part of parts) results.push(await runPart(part, write));
  write(`\n${closingText(results, leftOut(files, options))}\n`);
  return results.every(({ passed }) => passed) ? 0 : 1;
}

async function checks(): Promise<TestPart[]> {
  if (await isDebian()) await ensureDebianPackages(testPackages, "to run the tests");
  return staticParts(await findShellFiles(root));
}

function runners({ quick, lab, long }: TestFiles, options: TestOptions): TestPart[] {
  const labFiles = options.withoutLab ? [] : lab;
  const longFiles = options.long && !options.withoutLab ? long : [];
  return [
    ...(quick.length > 0 ? [runnerPart("unit and graph tests", quick, false)] : []),
    ...(labFiles.length > 0 ? [runnerPart("lab tests", labFiles, true)] : []),
    ...(longFiles.length > 0 ? [runnerPart("long tests", longFiles, true)] : []),
  ];
}

/** Lab tests that cannot run fail the whole at once, unless they are left out knowingly. */
function requireLab({ lab, long }: TestFiles, options: TestOptions): void {
  const needed = lab.length > 0 || (options.long && long.length > 0);
  if (!needed || options.withoutLab) return;
  const mend = "Run it as root on Linux, or leave them out with --without-lab";
  if (process.platform !== "linux")
    throw new GroundworkError("GW501", {
      what: `lab tests need machines, this is ${process.platform}`,
      mend,
    });
  if (process.getuid?.() !== 0)
    throw new GroundworkError("GW502", {
      what: `lab tests need machines, this is user ${process.getuid?.()}`,
      mend,
    });
}

/** What did not run, and what more there is. */
export function leftOut({ lab, long }: TestFiles, { withoutLab, long: withLong }: TestOptions): string[] {
  const left = withoutLab && lab.length > 0 ? [`not run (--without-lab): ${lab.join(", ")}`] : [];
  return [...left, longText(long, withLong && !withoutLab)];
}

function longText(long: string[], ran: boolean): string {
  if (long.length === 0) return "there is no test that only --long runs";
  return ran ? `--long added: ${long.join(", ")}` : `--long would add: ${long.join(", ")}`;
}
