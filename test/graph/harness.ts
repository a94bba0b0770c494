import * as pulumi from "@pulumi/pulumi";

/** One resource as a program registers it with the engine. */
export interface CapturedResource {
  urn: string;
  /** `groundwork:index:HostState`. */
  type: string;
  name: string;
  /** Name of the resource above it. */
  parent: string | undefined;
  /** Names of what it depends on, explicitly or by an input, sorted. */
  dependencies: string[];
  /** Name of the resource with which it goes. */
  deletedWith: string | undefined;
  deleteBeforeReplace: boolean;
  custom: boolean;
  /** Inputs with secrets revealed; unknown values are {@link unknown}. */
  inputs: Record<string, unknown>;
  /** Paths of inputs that are secret: `items[3].content`. */
  secrets: string[];
}

/** What {@link CapturedResource.inputs} hold where a preview does not know the value yet. */
export const unknown = "(unknown)";

/** The resources of a program, in the order of their registration. */
export interface Graph {
  resources: CapturedResource[];
  /** The resource of that name and, where one name has several, of that type. */
  get(name: string, type?: string): CapturedResource;
  /** Resources of a type, given in full or as its last word. */
  ofType(type: string): CapturedResource[];
}

export interface CaptureOptions {
  /** Pretend that nothing exists yet: outputs of new resources are unknown. Default false. */
  preview?: boolean;
  /** Outputs of a resource beside its inputs; {@link pulumi.secret} marks secret ones. */
  outputs?: (type: string, name: string) => Record<string, unknown> | undefined;
}

const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const signatureKey = "4dabf18193072939515e22adb298388d";

/** Runs a program against a stand-in for the engine and returns every resource with its options. */
export async function captureGraph(program: () => unknown, options: CaptureOptions = {}): Promise<Graph> {
  const resources: CapturedResource[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => ({
        id: type.startsWith("pulumi:") ? undefined : `${name}-id`,
        state: { ...inputs, ...outputsOf(type, name, options) },
      }),
      call: () => ({}),
    },
    "groundwork",
    "test",
    options.preview ?? false,
  );
  recordRegistrations(resources);
  const rejections = await rejectionsOf(async () => {
    await program();
    await pulumi.runtime.disconnect();
  });
  if (rejections.length > 0) throw rejections[0];
  return graphOf(resources);
}

/** Everything that goes wrong in a program: one refused value fails every resource that depends on it, each later. */
async function rejectionsOf(program: () => Promise<void>): Promise<unknown[]> {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown) => rejections.push(reason);
  // The test runner's own listener would fail the test whatever it expects.
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", onRejection);
  try {
    await program();
  } catch (error) {
    rejections.unshift(error);
  }
  let seen = -1;
  while (seen < rejections.length) {
    seen = rejections.length;
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  process.off("unhandledRejection", onRejection);
  for (const other of others) process.on("unhandledRejection", other);
  return rejections;
}

function outputsOf(type: string, name: string, options: CaptureOptions): Record<string, unknown> {
  const own = ownOutputs(type, name);
  const known = options.preview
    ? Object.fromEntries(Object.keys(own).map((key) => [key, pulumi.runtime.unknownValue]))
    : own;
  return { ...known, ...options.outputs?.(type, name) };
}

/** What the provider answers beside the inputs. */
function ownOutputs(type: string, name: string): Record<string, unknown> {
  const generation = `generation of ${name}`;
  switch (type) {
    case "groundwork:index:HostState":
      return { machineId: "0".repeat(32), generation, facts: {}, secretFacts: {}, drift: [] };
    case "groundwork:index:Gate":
      return { generation, summary: "", evidence: "", failing: [] };
    default:
      return {};
  }
}

/** The part of a registration request that is looked at. */
interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getDependenciesList(): string[];
  getDeletedwith(): string;
  getDeletebeforereplace(): boolean;
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
}
type Callback = (error: Error | null, response?: { getUrn(): string }) => void;
interface Monitor {
  registerResource(request: Request, callback: Callback): unknown;
}

/** Wraps the monitor: the mocks themselves see neither parents nor dependencies. */
function recordRegistrations(resources: CapturedResource[]): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) =>
    register(request, (error, response) => {
      const urn = response?.getUrn();
      if (urn !== undefined && request.getType() !== "pulumi:pulumi:Stack")
        resources.push(captured(urn, request));
      callback(error, response);
    });
}

function captured(urn: string, request: Request): CapturedResource {
  const secrets: string[] = [];
  const inputs = reveal(request.getObject()?.toJavaScript() ?? {}, "", secrets) as Record<string, unknown>;
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    parent: nameOf(request.getParent()),
    dependencies: [...new Set(request.getDependenciesList().flatMap((urn) => nameOf(urn) ?? []))].sort(),
    deletedWith: nameOf(request.getDeletedwith()),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    custom: request.getCustom(),
    inputs,
    secrets,
  };
}

const nameOf = (urn: string): string | undefined => urn.split("::")[3];

function reveal(value: unknown, path: string, secrets: string[]): unknown {
  if (value === pulumi.runtime.unknownValue) return unknown;
  if (Array.isArray(value)) return value.map((entry, index) => reveal(entry, `${path}[${index}]`, secrets));
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (fields[signatureKey] === secretSignature) {
    secrets.push(path);
    return reveal(fields.value, path, secrets);
  }
  return Object.fromEntries(
    Object.entries(fields).map(([key, inner]) => [
      key,
      reveal(inner, path === "" ? key : `${path}.${key}`, secrets),
    ]),
  );
}

function graphOf(resources: CapturedResource[]): Graph {
  const hasType = (resource: CapturedResource, type: string) =>
    resource.type === type || resource.type.endsWith(`:${type}`);
  return {
    resources,
    get(name, type) {
      const found = resources.find(
        (resource) => resource.name === name && (type === undefined || hasType(resource, type)),
      );
      if (found === undefined) {
        throw new Error(
          `no resource ${name}; there are ${resources.map((resource) => resource.name).join(", ")}`,
        );
      }
      return found;
    },
    ofType: (type) => resources.filter((resource) => hasType(resource, type)),
  };
}
