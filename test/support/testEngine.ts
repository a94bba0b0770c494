import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type EngineEvent,
  type InlineProgramArgs,
  LocalWorkspace,
  type OutputMap,
  type Stack,
} from "@pulumi/pulumi/automation/index.js";
import { EngineCommand } from "../../cli/engine/command.ts";
import type { Deployment } from "../../cli/engine/deployment.ts";
import { enginePrograms } from "../../cli/engine/programs.ts";
import { type Settled, settle } from "../../cli/engine/settle.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What became of a resource: `create`, `update`, `same`, `refresh`, `replace`, `delete`, … */
export interface Step {
  operation: string;
  name: string;
  type: string;
  /** Changed properties by path, with the kind of the change; `state` where the machine was seen different. */
  differences: Record<string, string>;
}

/** How an operation of the engine went. */
export interface Run {
  succeeded: boolean;
  /** Resources by name, without the stack itself and the engine's own providers. */
  steps: Step[];
  /** What the engine and the provider said, errors too, without colour. */
  messages: string[];
  /** Outputs of the program; secrets in clear. */
  outputs: Record<string, unknown>;
  seconds: number;
}

const programName = "program.mjs";

/** What a test's program does: makes resources; an object that it returns is the outputs. */
export type Program = () => unknown;

/**
 * A program in a process of its own, as a user's program is: a file whose default export gets `input`. For tests that
 * kill the engine: a program within the test outlives its engine there, and its late failures reach the next one's
 * program, which may then count as one that wants nothing.
 */
export interface ProgramFile {
  file: URL;
  /** JSON. */
  input: unknown;
}

/** The real engine on a stack of its own, with the state in a folder of the test. */
export interface TestEngine {
  up(program: Program | ProgramFile): Promise<Run>;
  preview(program: Program | ProgramFile): Promise<Run>;
  refresh(): Promise<Run>;
  destroy(): Promise<Run>;
  /** The stack's state as the backend stores it. */
  stateText(): Promise<string>;
  /** What the state holds of a resource: its outputs, secrets encrypted. Undefined when it is not there. */
  stateOf(name: string): Promise<Record<string, unknown> | undefined>;
  /** Does what every command does first: settles what an interruption left. What it says of it. */
  settle(): Promise<string[]>;
  /** The stack's state as commands see it, secrets in clear. */
  export(): Promise<Deployment>;
  /** Process numbers of this engine's providers that run now. */
  providers(): Promise<number[]>;
  /** Process numbers of the engines (`pulumi`) that run now. */
  engines(): Promise<number[]>;
  close(): Promise<void>;
}

export interface TestEngineOptions {
  /** Environment of the engine, and so of the provider. */
  environment?: Record<string, string>;
  /** Default `test`. */
  project?: string;
  /** Default `dev`. */
  stack?: string;
}

/** Starts nothing yet: makes the folders and the stack. */
export async function openTestEngine(wanted: TestEngineOptions = {}): Promise<TestEngine> {
  const folder = await mkdtemp(join(tmpdir(), "groundwork-engine-"));
  for (const name of ["backend", "home", "work"]) await mkdir(join(folder, name));
  await symlink(join(root, "node_modules"), join(folder, "work", "node_modules"));
  const programs = await enginePrograms(() => undefined);
  const environment = { ...engineEnvironment(folder, programs.folders), ...wanted.environment };
  const command = new EngineCommand(programs.command, programs.version, environment);
  const { project = "test", stack: stackName = "dev" } = wanted;
  const workDir = join(folder, "work");
  await writeFile(join(workDir, "Pulumi.yaml"), projectFile(project));
  await writeFile(join(workDir, "package.json"), "{}");
  await writeFile(join(workDir, programName), "");
  const options = { workDir, pulumiCommand: command.forAutomation(), envVars: environment };
  const stack = await LocalWorkspace.createStack({ ...inlineProgram(project), stackName }, options);
  const ofFile = async (program: ProgramFile): Promise<Stack> => {
    await writeProgram(workDir, program);
    return LocalWorkspace.selectStack({ stackName, workDir }, options);
  };
  return engineOn(stack, ofFile, folder, settledBy(command, { project, stack: stackName, folder }));
}

function inlineProgram(projectName: string): Omit<InlineProgramArgs, "stackName"> {
  return { projectName, program: async () => undefined };
}

function projectFile(name: string): string {
  const provider = { name: "groundwork", path: join(root, "provider") };
  const runtime = { name: "nodejs", options: { typescript: false } };
  return JSON.stringify({ name, runtime, main: programName, plugins: { providers: [provider] } });
}

/** The engine starts a program of the work folder only: this one calls the test's. */
async function writeProgram(workDir: string, { file, input }: ProgramFile): Promise<void> {
  const text = `import program from ${JSON.stringify(file.href)};\nprogram(${JSON.stringify(input)});\n`;
  await writeFile(join(workDir, programName), text);
}

/** The state and lock of the test's stack, as the command line's own engine gives them. */
function settledBy(
  command: EngineCommand,
  { project, stack, folder }: { project: string; stack: string; folder: string },
): Settled {
  const run = (args: string[], input?: string) =>
    command.run(
      [...args, "--stack", stack],
      join(folder, "work"),
      {},
      undefined,
      undefined,
      undefined,
      input,
    );
  return {
    backend: `file://${join(folder, "backend")}`,
    project,
    stack,
    cancelLock: async () => void (await run(["cancel", "--yes"])),
    exportEncrypted: async () => JSON.parse((await run(["stack", "export"])).stdout) as Deployment,
    import: async (state) => void (await run(["stack", "import"], JSON.stringify(state))),
  };
}

function engineEnvironment(folder: string, programs: string[]): Record<string, string> {
  return {
    PATH: [join(root, "node_modules", ".bin"), ...programs, process.env.PATH ?? ""].join(delimiter),
    PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    GROUNDWORK_REPORTS: join(folder, "reports"),
  };
}

function engineOn(
  stack: Stack,
  ofFile: (program: ProgramFile) => Promise<Stack>,
  folder: string,
  state: Settled,
): TestEngine {
  return {
    up: (program) =>
      recorded(async (listen) =>
        typeof program === "function"
          ? stack.up({ program: asProgram(program), ...listen })
          : (await ofFile(program)).up(listen),
      ),
    preview: (program) =>
      recorded(async (listen) => {
        if (typeof program === "function") await stack.preview({ program: asProgram(program), ...listen });
        else await (await ofFile(program)).preview(listen);
        return {};
      }),
    refresh: () => recorded((listen) => stack.refresh(listen).then(() => ({}))),
    destroy: () => recorded((listen) => stack.destroy(listen).then(() => ({}))),
    stateText: () => readState(folder),
    async stateOf(name) {
      const { checkpoint } = JSON.parse(await readState(folder)) as StateFile;
      return checkpoint.latest.resources?.find(({ urn }) => urn.endsWith(`::${name}`))?.outputs;
    },
    async settle() {
      const said: string[] = [];
      await settle(state, (text) => said.push(text));
      return said;
    },
    export: async () => (await stack.exportStack()) as Deployment,
    providers: () => processesWith(folder, /provider\/main\.ts/),
    engines: () => processesWith(folder, /^(\S*\/)?pulumi /),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

const asProgram = (program: Program) => async () => {
  const outputs = await program();
  return typeof outputs === "object" && outputs !== null ? { ...outputs } : {};
};

interface StateFile {
  checkpoint: { latest: { resources?: { urn: string; outputs?: Record<string, unknown> }[] } };
}

async function readState(folder: string): Promise<string> {
  const stacks = join(folder, "backend", ".pulumi", "stacks");
  const files = (await readdir(stacks, { recursive: true })).filter((name) => name.endsWith(".json"));
  return readFile(join(stacks, files[0] ?? ""), "utf8");
}

/** Options that every operation of the engine takes. */
interface Listener {
  onEvent(event: EngineEvent): void;
  color: "never";
}

async function recorded(work: (listen: Listener) => Promise<{ outputs?: OutputMap }>): Promise<Run> {
  const events: EngineEvent[] = [];
  const begun = performance.now();
  let outputs: OutputMap = {};
  let failure: unknown;
  try {
    outputs = (await work({ onEvent: (event) => events.push(event), color: "never" })).outputs ?? {};
  } catch (error) {
    failure = error;
  }
  const messages = events.flatMap(({ diagnosticEvent }) =>
    diagnosticEvent === undefined || String(diagnosticEvent.severity) === "debug"
      ? []
      : plain(diagnosticEvent.message.trim()),
  );
  // What the engine could not even begin to work on has no events.
  if (failure !== undefined && messages.length === 0) messages.push(String(failure));
  return {
    succeeded: failure === undefined,
    steps: events.flatMap(stepOf),
    messages,
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value])),
    seconds: (performance.now() - begun) / 1000,
  };
}

/** Diagnostics carry the engine's colour marks, `<{%reset%}>`. */
const plain = (text: string): string => text.replace(/<\{%[^%]*%\}>/g, "");

function stepOf(event: EngineEvent): Step[] {
  const data = event.resourcePreEvent?.metadata;
  if (data === undefined || data.type.startsWith("pulumi:")) return [];
  const differences = Object.entries(data.detailedDiff ?? {}).map(([path, { diffKind, inputDiff }]) => [
    path,
    inputDiff ? diffKind : `${diffKind} state`,
  ]);
  return [
    {
      operation: data.op,
      name: data.urn.split("::").at(-1) ?? "",
      type: data.type,
      differences: Object.fromEntries(differences) as Record<string, string>,
    },
  ];
}

/** Processes that were started with this engine's backend and whose command line is like `line`. */
async function processesWith(folder: string, line: RegExp): Promise<number[]> {
  const numbers = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    numbers.map(async (pid) => {
      const [environment, command] = await Promise.all(
        ["environ", "cmdline"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")),
      );
      const ours = environment?.includes(`file://${join(folder, "backend")}`) === true;
      return ours && line.test(command?.replaceAll("\0", " ") ?? "") ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
