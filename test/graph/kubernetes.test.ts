import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { Cluster, type ClusterArgs } from "../../components/kubernetes/index.ts";
import type { Check, Item, Ticket } from "../../provider/index.ts";
import { gateSchema } from "../../provider/resources/gateSpec.ts";
import { hostStateSchema } from "../../provider/resources/hostStateSpec.ts";
import { captureGraph, type Graph, unknown } from "./harness.ts";
import { machine } from "./machines.ts";
import { scriptsOf, shellcheckAll } from "./scripts.ts";

const server = machine("server-1", 11);
const agent = machine("agent-1", 12);
const second = machine("agent-2", 13);

const outputs = (_type: string, name: string) =>
  name === "delta-server-1"
    ? {
        facts: { authority: "-----BEGIN CERTIFICATE-----\n" },
        secretFacts: pulumi.secret({ kubeconfig: "the kubeconfig" }),
      }
    : undefined;

interface Made {
  graph: Graph;
  kubeconfig?: { value: unknown; secret: boolean };
}

async function made(args: Partial<ClusterArgs> = {}, preview = false): Promise<Made> {
  let kubeconfig: Made["kubeconfig"];
  const graph = await captureGraph(
    async () => {
      const cluster = new Cluster("delta", {
        servers: [server],
        agents: [agent],
        nodeNetworks: ["192.0.2.0/24"],
        ...args,
      });
      if (preview) return;
      const value = await new Promise((resolve) => cluster.kubeconfig.apply(resolve));
      kubeconfig = { value, secret: await pulumi.isSecret(cluster.kubeconfig) };
    },
    { preview, outputs: preview ? undefined : outputs },
  );
  return { graph, kubeconfig };
}

const graphOf = async (args: Partial<ClusterArgs> = {}, preview = false): Promise<Graph> =>
  (await made(args, preview)).graph;
const itemsOf = (graph: Graph, name: string): Item[] => graph.get(name, "HostState").inputs.items as Item[];
const dependenciesOf = (graph: Graph, name: string): string[] => graph.get(name, "HostState").dependencies;
const checksOf = (graph: Graph): Check[] => graph.get("delta", "Gate").inputs.checks as Check[];

/** Place of an item in the order in which a machine is changed. */
const place = (items: Item[], text: string): number => {
  const found = items.findIndex((item) => JSON.stringify(item).includes(text));
  assert.notEqual(found, -1, text);
  return found;
};

describe("the graph of a cluster", () => {
  it("has a component for the network and for each node, and one gate behind all of them", async () => {
    const graph = await graphOf();
    const tree = graph.resources
      .map(({ type, name, parent }) => `${parent ?? ""}/${type.split(":")[2]} ${name}`)
      .sort();
    assert.deepEqual(tree, [
      "/Cluster delta",
      "delta-agent-1/HostState delta-agent-1",
      "delta-network/HostState delta-network-agent-1",
      "delta-network/HostState delta-network-server-1",
      "delta-server-1/HostState delta-server-1",
      "delta/Gate delta",
      "delta/HostState delta-members-server-1",
      "delta/KubernetesAgent delta-agent-1",
      "delta/KubernetesServer delta-server-1",
      "delta/PodNetwork delta-network",
    ]);
    const hosts = graph
      .ofType("HostState")
      .map(({ name }) => name)
      .sort();
    assert.deepEqual(graph.get("delta", "Gate").dependencies, hosts);
    assert.deepEqual(Object.keys(graph.get("delta", "Gate").inputs.generations as object).sort(), hosts);
  });

  it("brings the network before its node, the server before agents, and agents side by side", async () => {
    const graph = await graphOf({ agents: [agent, second] });
    assert.deepEqual(dependenciesOf(graph, "delta-network-server-1"), []);
    assert.deepEqual(dependenciesOf(graph, "delta-network-agent-1"), []);
    assert.deepEqual(dependenciesOf(graph, "delta-server-1"), ["delta-network-server-1"]);
    assert.deepEqual(dependenciesOf(graph, "delta-agent-1"), ["delta-network-agent-1", "delta-server-1"]);
    assert.deepEqual(dependenciesOf(graph, "delta-agent-2"), ["delta-network-agent-2", "delta-server-1"]);
    assert.deepEqual(dependenciesOf(graph, "delta-members-server-1"), ["delta-server-1"]);
  });

  it("comes whole after the gates that it is given, and goes with the machines' resources", async () => {
    class Other extends pulumi.CustomResource {
      constructor(name: string) {
        super("test:index:Other", name, {});
      }
    }
    const graph = await captureGraph(() => {
      const before = new Other("before");
      const place = new Other("place");
      return new Cluster("delta", {
        servers: [{ ...server, resource: place }],
        agents: [{ ...agent, resource: place }],
        nodeNetworks: ["192.0.2.0/24"],
        after: [before],
      });
    });
    for (const host of graph.ofType("HostState")) {
      assert.ok(host.dependencies.includes("before"), host.name);
      assert.equal(host.deletedWith, "place", host.name);
      assert.equal(host.deleteBeforeReplace, true, host.name);
    }
  });

  it("works with one machine", async () => {
    const graph = await graphOf({ agents: [] });
    const nodes = checksOf(graph).find((check) => check.name.startsWith("every declared node"));
    assert.match(nodes?.run ?? "", /= 'server-1 True'/);
    for (const host of graph.ofType("HostState")) hostStateSchema.parse(host.inputs);
    gateSchema.parse(graph.get("delta", "Gate").inputs);
  });

  it("is accepted by the provider, item by item and check by check", async () => {
    const graph = await graphOf({ waivers: { "the API is ready": "reason" } });
    for (const host of graph.ofType("HostState")) hostStateSchema.parse(host.inputs);
    gateSchema.parse(graph.get("delta", "Gate").inputs);
  });

  it("shows at a preview all that is known before there is a cluster", async () => {
    const items = itemsOf(await graphOf({}, true), "delta-agent-1");
    const join = items.find((item) => item.kind === "command" && item.name === "joining the cluster");
    assert.equal((join as { run: string }).run, unknown);
    assert.equal(items.filter((item) => JSON.stringify(item).includes(unknown)).length, 1);
  });

  it("holds only scripts that shellcheck passes", async () => {
    shellcheckAll(scriptsOf(await graphOf({ agents: [agent, second] })));
  });
});

describe("a server of the cluster", () => {
  it("gives the kubeconfig away as a secret, and nothing secret in a plain input", async () => {
    const { graph, kubeconfig } = await made();
    assert.deepEqual(kubeconfig, { value: "the kubeconfig", secret: true });
    assert.deepEqual(graph.get("delta-server-1", "HostState").inputs.facts, {
      authority: { file: "/etc/kubernetes/pki/ca.crt" },
      kubeconfig: { file: "/etc/kubernetes/admin.conf", secret: true },
    });
    assert.doesNotMatch(JSON.stringify(graph.resources.map(({ inputs }) => inputs)), /the kubeconfig/);
  });

  it("opens its ports first, has its key before it starts, and can be cleared from the first try on", async () => {
    const items = itemsOf(await graphOf(), "delta-server-1");
    const order = [
      "192.0.2.0/24",
      "kernel modules of Kubernetes",
      "net.ipv4.ip_forward",
      "/usr/local/bin/kubeadm",
      "/var/lib/etcd",
      '"key that encrypts secrets"',
      '"node on this machine"',
      '"start of the cluster"',
      '"control plane as configured"',
      '"service"',
    ].map((text) => place(items, text));
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
    const commands = items.filter((item) => item.kind === "command");
    assert.ok(commands.every((item) => item.undo !== undefined));
  });

  it("lets in machines, pods and those who were named, and nobody twice", async () => {
    const items = itemsOf(
      await graphOf({ apiSources: ["198.51.100.0/24", "192.0.2.128/25"] }),
      "delta-server-1",
    );
    const openings = items.flatMap((item) =>
      item.kind === "allowedPort" ? [`${item.port} ${item.from}`] : [],
    );
    assert.deepEqual(openings, [
      "6443 192.0.2.0/24",
      "6443 10.244.0.0/16",
      "6443 198.51.100.0/24",
      "10250 10.244.0.0/16",
    ]);
  });

  it("refuses swap before anything is changed, unless it is allowed", async () => {
    const guards = async (args: Partial<ClusterArgs>) =>
      graphOf(args).then((graph) =>
        (graph.get("delta-server-1", "HostState").inputs.guards as Check[]).map(({ name }) => name),
      );
    assert.deepEqual(await guards({}), ["swap is off", "kernel settings can be written"]);
    assert.deepEqual(await guards({ allowSwap: true }), ["kernel settings can be written"]);
  });
});

describe("an agent of the cluster", () => {
  it("joins by a ticket that a server gives, and knows the cluster by its authority", async () => {
    const graph = await graphOf();
    const { tickets, items } = graph.get("delta-agent-1", "HostState").inputs as {
      tickets: Record<string, Ticket>;
      items: Item[];
    };
    assert.deepEqual(tickets.token?.from, [server.connection]);
    const join = items.find((item) => item.kind === "command" && item.name === "joining the cluster");
    assert.ok(join?.kind === "command" && join.ticket === "token");
    assert.match(join.unless, /-----BEGIN CERTIFICATE-----/);
  });

  it("lets only servers and pods ask its kubelet", async () => {
    const items = itemsOf(await graphOf(), "delta-agent-1");
    const openings = items.flatMap((item) =>
      item.kind === "allowedPort" ? [`${item.port} ${item.from}`] : [],
    );
    assert.deepEqual(openings, ["10250 192.0.2.11/32", "10250 10.244.0.0/16"]);
  });

  it("changes nothing on the server's own state when it comes", async () => {
    const alone = await graphOf({ agents: [] });
    const together = await graphOf({ agents: [agent] });
    assert.deepEqual(
      together.get("delta-server-1", "HostState").inputs,
      alone.get("delta-server-1", "HostState").inputs,
    );
  });

  it("moves no other machine's pods when it comes", async () => {
    const conflist = (graph: Graph, name: string) =>
      itemsOf(graph, name).find((item) => item.kind === "file" && item.path.endsWith(".conflist"));
    const before = await graphOf({ agents: [second] });
    const after = await graphOf({ agents: [agent, second] });
    assert.deepEqual(conflist(after, "delta-network-agent-2"), conflist(before, "delta-network-agent-2"));
  });
});

describe("a cluster's arguments", () => {
  const refused = (args: Partial<ClusterArgs>, message: RegExp) => assert.rejects(graphOf(args), message);

  it("are refused by name before anything is registered", async () => {
    await refused({ servers: [] as never }, /GW101 delta\.servers: \[\] must hold exactly one machine/);
    await refused({ nodeNetworks: [] }, /GW101 delta\.nodeNetworks/);
    await refused({ apiSources: ["anywhere"] }, /GW101 delta\S*\.apiSources\[0\]/);
    await refused(
      { podSubnets: { "agent-1": "10.244.1.0/16" } },
      /GW101 delta\S*\.podSubnets\.agent-1: "10\.244\.1\.0\/16" must be a \/24/,
    );
  });

  it("are refused where two machines would have the same pods", async () => {
    const twin = machine("agent-2", 12);
    await refused(
      { agents: [agent, twin] },
      /GW101 podSubnets\.agent-2: agent-1 and agent-2 .*10\.244\.12\.0\/24/,
    );
    await graphOf({ agents: [agent, twin], podSubnets: { "agent-2": "10.244.200.0/24" } });
  });
});
