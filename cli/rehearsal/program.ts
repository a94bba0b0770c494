import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { setAllConfig } from "@pulumi/pulumi/runtime/config.js";
import { type MockCallArgs, type MockResourceArgs, setMocks } from "@pulumi/pulumi/runtime/mocks.js";
import { disconnect, getMonitor } from "@pulumi/pulumi/runtime/settings.js";
import { GroundworkError } from "../../errors/index.ts";
import type { Problem } from "../../foundation/problem.ts";
import { openExaminer, type Properties } from "../../provider/examine.ts";
import { type DeclaredHost, declaredHost } from "../../provider/index.ts";
import { withAssetDigests } from "./assetDigests.ts";
import { idleWaivers, type Registered } from "./idleWaivers.ts";
import type { Answer, Rehearsal } from "./rehearse.ts";
import { sharedNames } from "./sharedNames.ts";
import { StandInKeys } from "./standInKeys.ts";

/**
 * Runs a program in a process of its own with nobody behind it: every resource is registered as in a preview before
 * there is any machine. What is wrong is sent back, and what is declared.
 */
process.once("message", (rehearsal: Rehearsal) => {
  const failed = (error: unknown): Answer => ({ problems: [], hosts: [], doubts: [failureText(error)] });
  void rehearse(rehearsal)
    .catch(failed)
    .then((answer) => process.send?.(answer, () => process.exit(0)));
});

async function rehearse({ program, project, stack, config, lab = {} }: Rehearsal): Promise<Answer> {
  const errors: unknown[] = [];
  process.on("unhandledRejection", (error) => errors.push(error));
  process.on("uncaughtException", (error) => errors.push(error));
  setAllConfig(config);
  const keys = new StandInKeys();
  const asked: string[] = [];
  const mocks = {
    newResource: (args: MockResourceArgs) => newResource(args, lab, keys),
    call: ({ token }: MockCallArgs) => {
      asked.push(token);
      return {};
    },
  };
  await setMocks(mocks, project, stack, true);
  const resources = recordRegistrations(dirname(program));
  try {
    await import(pathToFileURL(program).href);
    await disconnect();
  } catch (error) {
    errors.push(error);
  }
  await everythingHeard(errors);
  const problems = [
    ...refusals(errors),
    ...sharedNames(resources),
    ...idleWaivers(resources),
    ...(await examined(resources)),
  ];
  if (problems.length > 0) return { problems, hosts: [], doubts: [] };
  return { problems, hosts: hostsOf(resources, keys), doubts: doubtsOf(errors, asked) };
}

function hostsOf(resources: readonly Registered[], keys: StandInKeys): DeclaredHost[] {
  return resources
    .filter(({ type }) => type === `${namespace}HostState`)
    .map(({ name, inputs }) => declaredHost(name, keys.withoutMadeUp(inputs)));
}

/** Why there may be more, or other things, than was heard. */
function doubtsOf(errors: unknown[], asked: string[]): string[] {
  const questions = asked.map((token) => `the program asks for ${token}, which only an up answers`);
  return [...new Set([...errors.map(failureText), ...questions])];
}

const failureText = (error: unknown): string =>
  `the program failed: ${error instanceof Error ? error.message : String(error)}`;

/** What components refuse. What else went wrong may be due to the stand-in: the engine tells it if it is not. */
function refusals(errors: unknown[]): Problem[] {
  const coded = errors.filter((error) => error instanceof GroundworkError);
  const first = coded.filter(
    (error, at) => coded.findIndex(({ message }) => message === error.message) === at,
  );
  return first.map(({ code, where = "the program", what, mend }) => ({ code, path: where, what, mend }));
}

const namespace = "groundwork:index:";

/**
 * What is known of a resource before it is made: its inputs, of the lab what it said when it was made, and a name for
 * what tells one machine from another.
 */
function newResource(
  { type, name, inputs }: MockResourceArgs,
  lab: Record<string, Record<string, unknown>>,
  keys: StandInKeys,
): { id: string; state: Record<string, unknown> } {
  // A HostState's input of this name says what to read, its output what was read.
  const { facts, ...known } = inputs as Record<string, unknown>;
  if (type === `${namespace}HostState`) return { id: name, state: known };
  const state: Record<string, unknown> = { ...lab[`${type.split(":").at(-1)} ${name}`], ...known, facts };
  if (type === `${namespace}LabMachine`) state.hostKey ||= keys.keyOf(name);
  return { id: name, state };
}

/** The part of a registration that is looked at. */
interface Request {
  getType(): string;
  getName(): string;
  /** Its URN. */
  getParent(): string;
  getObject(): { toJavaScript(): unknown } | undefined;
}

/** The mocks themselves see neither secrets nor what is unknown. Files beside the program are looked for in `folder`. */
function recordRegistrations(folder: string): Registered[] {
  const resources: Registered[] = [];
  const monitor = getMonitor() as unknown as {
    registerResource(request: Request, callback: unknown): unknown;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    const inputs = (request.getObject()?.toJavaScript() ?? {}) as Properties;
    const [type, name] = [request.getType(), request.getName()];
    const above = request.getParent().split("::")[2] ?? "";
    resources.push({
      type,
      name,
      urn: `${above}$${type}::${name}`,
      inputs: withAssetDigests(inputs, folder),
    });
    return register(request, callback);
  };
  return resources;
}

/** One refused value fails every resource that depends on it, each a little later. */
async function everythingHeard(errors: unknown[]): Promise<void> {
  let heard = -1;
  while (heard < errors.length) {
    heard = errors.length;
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What the provider refuses. */
async function examined(resources: Registered[]): Promise<Problem[]> {
  const examiner = openExaminer();
  try {
    return resources
      .filter(({ type }) => type.startsWith(namespace))
      .flatMap(({ type, name, inputs }) =>
        examiner
          .examine(type.replace(namespace, ""), `${type}::${name}`, inputs)
          .map(({ property, reason }) => providerProblem(`${name}.${property}`, reason)),
      );
  } finally {
    await examiner.close();
  }
}

function providerProblem(path: string, reason: string): Problem {
  const conflict = /^(.*) \(GW103\)/.exec(reason)?.[1];
  return conflict === undefined
    ? { code: "GW102", path, what: reason }
    : { code: "GW103", path, what: conflict };
}
