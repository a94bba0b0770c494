import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { ContainerRuntime, type ContainerRuntimeArgs } from "../../components/runtime/index.ts";
import type { Check, Item } from "../../provider/index.ts";
import { gateSchema } from "../../provider/resources/gateSpec.ts";
import { hostStateSchema } from "../../provider/resources/hostStateSpec.ts";
import { captureGraph, type Graph } from "./harness.ts";
import { machine } from "./machines.ts";
import { scriptsOf, shellcheckAll } from "./scripts.ts";

const server = machine("server-1", 1, { roles: ["server"] });
const agent = machine("agent-1", 2, { roles: ["agent"] });

const archive = (name: string, letter: string, roles?: string[]) => ({
  name,
  archive: { urls: [`http://192.0.2.9/${letter}.tar`], sha256: letter.repeat(64) },
  roles,
});

const graphOf = (args: Partial<ContainerRuntimeArgs> = {}): Promise<Graph> =>
  captureGraph(() => new ContainerRuntime("bravo", { machines: [server, agent], ...args }));

const itemsOf = (graph: Graph, name: string): Item[] => graph.get(name, "HostState").inputs.items as Item[];
const checksOf = (graph: Graph): Check[] => graph.get("bravo", "Gate").inputs.checks as Check[];

describe("the graph of the container runtime", () => {
  it("has one state per machine, side by side, and a gate behind them", async () => {
    const graph = await graphOf();
    assert.deepEqual(
      graph.resources.map(({ type, name, parent, dependencies }) => [type, name, parent, dependencies]),
      [
        ["groundwork:index:ContainerRuntime", "bravo", undefined, []],
        ["groundwork:index:HostState", "bravo-server-1", "bravo", []],
        ["groundwork:index:HostState", "bravo-agent-1", "bravo", []],
        ["groundwork:index:Gate", "bravo", "bravo", ["bravo-agent-1", "bravo-server-1"]],
      ],
    );
  });

  it("asks each machine before a change whether it has the declared architecture", async () => {
    const other = { ...agent, architecture: "arm64" } as const;
    const graph = await graphOf({ machines: [other] });
    const guards = graph.get("bravo-agent-1", "HostState").inputs.guards as Check[];
    assert.deepEqual(
      guards.map(({ name }) => name),
      ["the architecture is the declared one"],
    );
    assert.match(guards[0]?.run ?? "", /'arm64' 'agent-1'/);
  });

  it("comes after the gates that it is given", async () => {
    class Before extends pulumi.CustomResource {
      constructor() {
        super("test:index:Before", "before", {});
      }
    }
    const graph = await captureGraph(
      () => new ContainerRuntime("bravo", { machines: [server], after: [new Before()] }),
    );
    assert.deepEqual(graph.get("bravo-server-1").dependencies, ["before"]);
  });

  it("gives each machine the images of its roles, and the gate looks for these", async () => {
    const images = [archive("a:1", "a"), archive("b:1", "b", ["server"])];
    const graph = await graphOf({ images });
    const archives = (name: string) =>
      itemsOf(graph, name).flatMap((item) =>
        item.kind === "download" && item.path.endsWith(".tar") ? [item.sha256[0]] : [],
      );
    assert.deepEqual(archives("bravo-server-1"), ["a", "b"]);
    assert.deepEqual(archives("bravo-agent-1"), ["a"]);
    const looksFor = checksOf(graph)
      .filter((check) => check.name.startsWith("the images"))
      .map((check) => [check.on?.name, /for image in (.*); do/.exec(check.run)?.[1]]);
    assert.deepEqual(looksFor, [
      ["server-1", "'a:1' 'b:1'"],
      ["agent-1", "'a:1'"],
    ]);
  });

  it("really runs a container on every machine, and not when machines are only read", async () => {
    const runs = checksOf(await graphOf()).filter((check) => check.name === "a container runs and answers");
    assert.deepEqual(
      runs.map((check) => [check.on?.name, check.createsObjects]),
      [
        ["server-1", true],
        ["agent-1", true],
      ],
    );
  });

  it("restarts containerd for what it reads at its start, and for nothing else", async () => {
    const service = itemsOf(await graphOf(), "bravo-server-1").find((item) => item.kind === "service");
    assert.deepEqual(service?.restartOn, [
      "file:/etc/containerd/config.toml",
      "unit:containerd.service",
      "download:/usr/local/bin/containerd",
    ]);
  });

  it("is accepted by the provider, item by item and check by check", async () => {
    const graph = await graphOf({
      images: [archive("a:1", "a")],
      registryMirrors: [{ registry: "docker.io", mirrors: ["https://m.example"] }],
    });
    for (const host of graph.ofType("HostState")) hostStateSchema.parse(host.inputs);
    gateSchema.parse(graph.get("bravo", "Gate").inputs);
  });

  it("holds no secret, and only scripts that shellcheck passes", async () => {
    const graph = await graphOf({ images: [archive("a:1", "a"), { name: `b@sha256:${"b".repeat(64)}` }] });
    for (const resource of graph.resources) assert.deepEqual(resource.secrets, [], resource.name);
    shellcheckAll(scriptsOf(graph));
  });

  it("refuses arguments by name before anything is registered", async () => {
    const refused = (args: Partial<ContainerRuntimeArgs>, message: RegExp) =>
      assert.rejects(graphOf(args), message);
    await refused({ machines: [] }, /GW101 bravo\.machines: \[\] must hold at least one machine/);
    await refused(
      { cgroupDriver: "none" as "systemd" },
      /GW101 bravo\.cgroupDriver: "none" must be `systemd` or `cgroupfs`/,
    );
    await refused(
      { images: [{ name: "app:latest" }] },
      /GW101 bravo\.images\[0\]\.name: it must end in `@sha256:…`/,
    );
    await refused(
      { rootFolder: "containers" },
      /GW101 bravo\.rootFolder: "containers" must be an absolute path/,
    );
    await refused(
      { registryMirrors: [{ registry: "https://docker.io", mirrors: ["https://m.example"] }] },
      /GW101 bravo\.registryMirrors\[0\]\.registry/,
    );
  });
});
