import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import { setAllConfig } from "@pulumi/pulumi/runtime/config.js";
import { type MockResourceArgs, setMocks } from "@pulumi/pulumi/runtime/mocks.js";
import { disconnect, getMonitor } from "@pulumi/pulumi/runtime/settings.js";
import { GroundworkError } from "../../errors/index.ts";
import type { Problem } from "../../foundation/problem.ts";
import { openExaminer, type Properties } from "../../provider/examine.ts";
import { idleWaivers, type Registered } from "./idleWaivers.ts";
import type { Rehearsal } from "./rehearse.ts";

/**
 * Runs a program in a process of its own with nobody behind it: every resource is registered as in a preview before
 * there is any machine, and what is wrong is sent back.
 */
process.once("message", (rehearsal: Rehearsal) => {
  void rehearse(rehearsal).then((problems) => process.send?.(problems, () => process.exit(0)));
});

async function rehearse({ program, project, stack, config }: Rehearsal): Promise<Problem[]> {
  const errors: unknown[] = [];
  process.on("unhandledRejection", (error) => errors.push(error));
  process.on("uncaughtException", (error) => errors.push(error));
  setAllConfig(config);
  await setMocks({ newResource, call: () => ({}) }, project, stack, true);
  const resources = recordRegistrations();
  try {
    await import(pathToFileURL(program).href);
    await disconnect();
  } catch (error) {
    errors.push(error);
  }
  await everythingHeard(errors);
  return [...refusals(errors), ...idleWaivers(resources), ...(await examined(resources))];
}

/** What components refuse. What else went wrong may be due to the stand-in: the engine tells it if it is not. */
function refusals(errors: unknown[]): Problem[] {
  const coded = errors.filter((error) => error instanceof GroundworkError);
  const first = coded.filter(
    (error, at) => coded.findIndex(({ message }) => message === error.message) === at,
  );
  return first.map(({ code, where = "the program", what, mend }) => ({ code, path: where, what, mend }));
}

const namespace = "groundwork:index:";

/** What is known of a resource before it is made: its inputs, and a name for what tells one machine from another. */
function newResource({ type, name, inputs }: MockResourceArgs): {
  id: string;
  state: Record<string, unknown>;
} {
  // A HostState's input of this name says what to read, its output what was read.
  const { facts, ...known } = inputs as Record<string, unknown>;
  if (type === `${namespace}HostState`) return { id: name, state: known };
  if (type !== `${namespace}LabMachine`) return { id: name, state: { ...known, facts } };
  return { id: name, state: { ...known, hostKey: standInKey(name) } };
}

/** A host key that nobody holds, another one for each machine. */
function standInKey(machine: string): string {
  const type = "ssh-ed25519";
  const point = createHash("sha256").update(machine).digest();
  const fields = [Buffer.from(type), point].flatMap((field) => [Buffer.from([0, 0, 0, field.length]), field]);
  return `${type} ${Buffer.concat(fields).toString("base64")}`;
}

/** The part of a registration that is looked at. */
interface Request {
  getType(): string;
  getName(): string;
  getObject(): { toJavaScript(): unknown } | undefined;
}

/** The mocks themselves see neither secrets nor what is unknown. */
function recordRegistrations(): Registered[] {
  const resources: Registered[] = [];
  const monitor = getMonitor() as unknown as {
    registerResource(request: Request, callback: unknown): unknown;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    const inputs = (request.getObject()?.toJavaScript() ?? {}) as Properties;
    resources.push({ type: request.getType(), name: request.getName(), inputs });
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
