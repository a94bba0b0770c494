import type { CapturedResource, Graph } from "../../test/graph/harness.ts";

/** One HostState as the picture shows it. */
export interface HostNode {
  name: string;
  machine: string;
  /** What it brings about, for people: `container runtime`. */
  label: string;
  /** How many HostStates of its stream come before it, one after the other. */
  step: number;
  /** HostStates of its stream that it waits for itself, not through another one. */
  after: string[];
}

/** One stream as the picture shows it. */
export interface StreamNode {
  name: string;
  /** `security baseline`. */
  title: string;
  /** How many gates come before it, one after the other. Streams of one level run side by side. */
  level: number;
  /** Streams whose gates it waits for itself, not through another one. */
  after: string[];
  hosts: HostNode[];
}

export interface GraphModel {
  /** Machines in the order in which columns show them. */
  machines: string[];
  /** Machines that the program makes. */
  labMachines: string[];
  streams: StreamNode[];
}

/** Streams, their hosts and what they wait for, read off a registered graph. `machines` orders the columns. */
export function graphModel(graph: Graph, machines: string[]): GraphModel {
  const gates = graph.ofType("Gate").map(({ name }) => name);
  const hosts = graph.ofType("HostState");
  const direct = new Map(
    gates.map((stream) => [
      stream,
      new Set(
        hosts
          .filter(({ inputs }) => inputs.stream === stream)
          .flatMap(({ dependencies }) => dependencies.filter((name) => gates.includes(name))),
      ),
    ]),
  );
  const streams = gates.map((name) => ({
    name,
    title: words(component(graph, name).type),
    level: depth(name, direct),
    after: reduced(name, direct),
    hosts: hostNodes(graph, name),
  }));
  return {
    machines,
    labMachines: graph.ofType("LabMachine").map(({ name }) => name),
    streams: streams.sort((a, b) => a.level - b.level || (a.name < b.name ? -1 : 1)),
  };
}

function hostNodes(graph: Graph, stream: string): HostNode[] {
  const own = graph.ofType("HostState").filter(({ inputs }) => inputs.stream === stream);
  const names = own.map(({ name }) => name);
  const direct = new Map(
    own.map(({ name, dependencies }) => [
      name,
      new Set(dependencies.filter((other) => names.includes(other))),
    ]),
  );
  return own.map((host) => {
    const { name: machine } = host.inputs.connection as { name: string };
    return {
      name: host.name,
      machine,
      label: labelOf(graph, host, stream, machine),
      step: depth(host.name, direct),
      after: reduced(host.name, direct),
    };
  });
}

/** A part of a stream by its own name, else by what the component above it is. */
function labelOf(graph: Graph, host: CapturedResource, stream: string, machine: string): string {
  const part = host.name.slice(stream.length + 1, -machine.length - 1);
  return host.parent === stream && part !== "" ? part : words(component(graph, host.parent ?? stream).type);
}

function component(graph: Graph, name: string): CapturedResource {
  const found = graph.resources.find((resource) => resource.name === name && !resource.custom);
  if (found === undefined) throw new Error(`no component is named ${name}`);
  return found;
}

/** `groundwork:index:PodNetwork` is a `pod network`; Kubernetes keeps its capital. */
function words(type: string): string {
  const name = type.split(":").at(-1) ?? type;
  return name
    .replace(/(?<=[a-z])([A-Z])/g, " $1")
    .split(" ")
    .map((word) => (word === "Kubernetes" ? word : word.toLowerCase()))
    .join(" ");
}

type Edges = Map<string, Set<string>>;

/** Length of the longest way down. */
function depth(name: string, edges: Edges): number {
  return Math.max(-1, ...[...(edges.get(name) ?? [])].map((other) => depth(other, edges))) + 1;
}

/** Direct edges without those that a longer way has, too. */
function reduced(name: string, edges: Edges): string[] {
  const direct = [...(edges.get(name) ?? [])];
  const below = new Set(direct.flatMap((other) => [...reach(other, edges)]));
  return direct.filter((other) => !below.has(other)).sort();
}

function reach(name: string, edges: Edges): Set<string> {
  return new Set([...(edges.get(name) ?? [])].flatMap((other) => [other, ...reach(other, edges)]));
}
