import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../components/machine.ts";
import { BasicMonitoring, type BasicMonitoringArgs } from "../../components/monitoring/basicMonitoring.ts";
import type { Check, Connection, Item } from "../../provider/index.ts";
import { gateSchema } from "../../provider/resources/gateSpec.ts";
import { hostStateSchema } from "../../provider/resources/hostStateSpec.ts";
import { captureGraph, type Graph } from "./harness.ts";
import { machine } from "./machines.ts";

const server = machine("server-1", 1);
const agent = machine("agent-1", 2);

const graphOf = (
  machines: Machine[] = [server, agent],
  args: Partial<BasicMonitoringArgs> = {},
): Promise<Graph> =>
  captureGraph(
    () =>
      new BasicMonitoring("charlie", {
        machines,
        authority: {
          certificate: pulumi.output("CERTIFICATE"),
          issuer: pulumi.output(server.connection as Connection),
        },
        ...args,
      }),
  );

const itemsOf = (graph: Graph, name: string): Item[] => graph.get(name).inputs.items as Item[];
const checksOf = (graph: Graph): Check[] => graph.get("charlie", "Gate").inputs.checks as Check[];
const packages = (items: Item[]) => items.flatMap((item) => (item.kind === "package" ? [item.name] : []));
const openings = (items: Item[]) =>
  items.flatMap((item) => (item.kind === "allowedPort" ? [`${item.port} from ${item.from}`] : []));
const index = (items: Item[], wanted: (item: Item) => boolean) => items.findIndex(wanted);

describe("the graph of basic monitoring", () => {
  it("has one state per machine and one gate, all under the component", async () => {
    const graph = await graphOf();
    assert.equal(graph.resources[0]?.type, "groundwork:index:BasicMonitoring");
    assert.deepEqual(
      graph
        .ofType("HostState")
        .map(({ name, parent }) => [name, parent])
        .sort(),
      [
        ["charlie-agent-1", "charlie"],
        ["charlie-server-1", "charlie"],
      ],
    );
    assert.deepEqual(graph.get("charlie", "Gate").dependencies, ["charlie-agent-1", "charlie-server-1"]);
  });

  it("sets up machines side by side", async () => {
    for (const { dependencies } of (await graphOf()).ofType("HostState")) assert.deepEqual(dependencies, []);
  });

  it("is made of items and checks that the provider takes, none of them secret", async () => {
    const graph = await graphOf();
    for (const { inputs } of graph.ofType("HostState")) hostStateSchema.parse(inputs);
    gateSchema.parse(graph.get("charlie", "Gate").inputs);
    assert.deepEqual(
      graph.resources.flatMap(({ secrets }) => secrets),
      [],
    );
  });
});

describe("basic monitoring of a machine", () => {
  it("runs Prometheus on the machines of the role, else on the first one", async () => {
    assert.deepEqual(packages(itemsOf(await graphOf(), "charlie-server-1")), [
      "prometheus-node-exporter",
      "prometheus",
    ]);
    assert.deepEqual(packages(itemsOf(await graphOf(), "charlie-agent-1")), ["prometheus-node-exporter"]);
    const watcher = { ...agent, roles: ["monitoring"] };
    const graph = await graphOf([server, watcher]);
    assert.deepEqual(packages(itemsOf(graph, "charlie-server-1")), ["prometheus-node-exporter"]);
    assert.deepEqual(packages(itemsOf(graph, "charlie-agent-1")), ["prometheus-node-exporter", "prometheus"]);
  });

  it("opens the exporter to the monitors' own addresses and to nobody else", async () => {
    const graph = await graphOf();
    assert.deepEqual(openings(itemsOf(graph, "charlie-agent-1")), [
      "9100 from 192.0.2.1/32",
      "9100 from 2001:db8::1/128",
    ]);
    assert.deepEqual(openings(itemsOf(graph, "charlie-server-1")), []);
  });

  it("lets apt start nothing: the drop-in is there before the package, the certificate after", async () => {
    const items = itemsOf(await graphOf(), "charlie-server-1");
    for (const name of ["prometheus-node-exporter", "prometheus"]) {
      const dropIn = index(items, (item) => item.kind === "unit" && item.name === `${name}.service`);
      const installed = index(items, (item) => item.kind === "package" && item.name === name);
      const certificate = index(
        items,
        (item) => item.kind === "certificate" && item.name.startsWith(name.replace("prometheus-", "")),
      );
      const started = index(items, (item) => item.kind === "service" && item.unit === `${name}.service`);
      assert.ok(0 <= dropIn && dropIn < installed && installed < certificate && certificate < started, name);
    }
  });

  it("restarts a program when, and only when, something of its own changes", async () => {
    const items = itemsOf(await graphOf(), "charlie-server-1");
    const keys = new Set(
      items.map(
        (item) =>
          `${item.kind}:${"path" in item ? item.path : item.kind === "unit" ? (item.dropIn === undefined ? item.name : `${item.name}/${item.dropIn}`) : item.kind === "certificate" ? `${item.folder}/${item.name}` : "name" in item ? item.name : ""}`,
      ),
    );
    for (const item of items) {
      if (item.kind !== "service") continue;
      for (const key of [...(item.restartOn ?? []), ...(item.reloadOn ?? [])]) assert.ok(keys.has(key), key);
    }
  });

  it("gives the exporter a certificate that only answers, and Prometheus one that only asks", async () => {
    const { tickets } = (await graphOf()).get("charlie-server-1").inputs as {
      tickets: Record<string, { issue: string }>;
    };
    assert.match(tickets.nodeExporterCertificate?.issue ?? "", /'serverAuth'/);
    assert.match(tickets.prometheusClientCertificate?.issue ?? "", /'clientAuth'/);
    assert.match(tickets.prometheusServerCertificate?.issue ?? "", /DNS:localhost,IP:127\.0\.0\.1'/);
  });

  it("installs the versions that are asked for", async () => {
    const items = itemsOf(
      await graphOf([server], { nodeExporter: { version: "1.5.0-1" } }),
      "charlie-server-1",
    );
    assert.equal(
      items.find(
        (item) =>
          item.kind === "package" && item.name === "prometheus-node-exporter" && item.version === "1.5.0-1",
      )?.kind,
      "package",
    );
  });
});

describe("the gate of basic monitoring", () => {
  const named = (checks: Check[]) => checks.map((check) => `${check.on?.name}: ${check.name}`);

  it("asks Prometheus for every machine, and each exporter for a scrape without a certificate", async () => {
    const found = named(checksOf(await graphOf()));
    for (const name of ["server-1", "agent-1"]) {
      assert.ok(found.includes(`server-1: ${name} is up by Prometheus's API`));
      assert.ok(found.includes(`server-1: a scrape of ${name} without a client certificate is refused`));
      assert.ok(found.includes(`${name}: the node exporter is out of a stranger's reach`));
    }
  });

  it("has an exporter tried from a machine that is no monitor, where there is one", async () => {
    const found = named(checksOf(await graphOf()));
    assert.ok(
      found.includes("agent-1: the node exporter of server-1 is closed to a machine that is no monitor"),
    );
    assert.ok(
      !found.some((name) => name.endsWith("exporter of agent-1 is closed to a machine that is no monitor")),
    );
  });

  it("names each check once on its machine", async () => {
    const found = named(checksOf(await graphOf()));
    assert.equal(new Set(found).size, found.length);
  });
});
