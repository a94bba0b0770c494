import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { SecurityBaseline, type SecurityBaselineArgs } from "../../components/security/securityBaseline.ts";
import type { Check, Item } from "../../provider/index.ts";
import { gateSchema } from "../../provider/resources/gateSpec.ts";
import { hostStateSchema } from "../../provider/resources/hostStateSpec.ts";
import { captureGraph, type Graph, unknown } from "./harness.ts";
import { machine } from "./machines.ts";

const one = machine("server-1", 1);
const two = machine("agent-1", 2);

const facts = {
  facts: { authorityCertificate: "-----BEGIN CERTIFICATE-----\n" },
  secretFacts: pulumi.secret({ authorityKey: "the key" }),
};
const outputs = (_type: string, name: string) => (name === "alpha-server-1" ? facts : undefined);

const graphOf = (args: Partial<SecurityBaselineArgs> = {}, preview = false): Promise<Graph> =>
  captureGraph(() => new SecurityBaseline("alpha", { machines: [one, two], ...args }), {
    preview,
    outputs: preview ? undefined : outputs,
  });

const itemsOf = (graph: Graph, name: string): Item[] => graph.get(name, "HostState").inputs.items as Item[];
const checksOf = (graph: Graph): Check[] => graph.get("alpha", "Gate").inputs.checks as Check[];
const names = (checks: Check[]): string[] => checks.map((check) => `${check.on?.name}: ${check.name}`);

describe("the graph of the security baseline", () => {
  it("has two states per machine and one gate, all under the component", async () => {
    const graph = await graphOf();
    assert.deepEqual(
      graph.resources.map(({ type, name, parent }) => [type, name, parent]),
      [
        ["groundwork:index:SecurityBaseline", "alpha", undefined],
        ["groundwork:index:HostState", "alpha-server-1", "alpha"],
        ["groundwork:index:HostState", "alpha-agent-1", "alpha"],
        ["groundwork:index:HostState", "alpha-certificates-agent-1", "alpha"],
        ["groundwork:index:HostState", "alpha-certificates-server-1", "alpha"],
        ["groundwork:index:Gate", "alpha", "alpha"],
      ].sort((a, b) => order(graph, a) - order(graph, b)),
    );
  });

  /** Registrations of one layer come in any order. */
  const order = (graph: Graph, [type, name]: (string | undefined)[]): number =>
    graph.resources.findIndex((resource) => resource.type === type && resource.name === name);

  it("secures machines side by side, and certifies each after itself and the authority", async () => {
    const graph = await graphOf();
    assert.deepEqual(graph.get("alpha-server-1").dependencies, []);
    assert.deepEqual(graph.get("alpha-agent-1").dependencies, []);
    assert.deepEqual(graph.get("alpha-certificates-server-1").dependencies, ["alpha-server-1"]);
    assert.deepEqual(graph.get("alpha-certificates-agent-1").dependencies, [
      "alpha-agent-1",
      "alpha-server-1",
    ]);
  });

  it("closes with a gate that depends on every state and checks every machine", async () => {
    const graph = await graphOf();
    const gate = graph.get("alpha", "Gate");
    const states = graph
      .ofType("HostState")
      .map(({ name }) => name)
      .sort();
    assert.deepEqual(gate.dependencies, states);
    assert.deepEqual(Object.keys(gate.inputs.generations as object).sort(), states);
    assert.deepEqual(
      new Set(checksOf(graph).map((check) => check.on?.name)),
      new Set(["server-1", "agent-1"]),
    );
  });

  it("waits for what it is told to wait for, and goes with the machine's resource", async () => {
    class Place extends pulumi.CustomResource {
      constructor(name: string) {
        super("test:index:Place", name, {});
      }
    }
    const graph = await captureGraph(
      () => {
        const place = new Place("place");
        new SecurityBaseline("alpha", {
          machines: [{ ...one, resource: place }],
          after: [new Place("earlier")],
        });
      },
      { outputs },
    );
    const state = graph.get("alpha-server-1");
    assert.deepEqual(state.dependencies, ["earlier"]);
    assert.equal(state.deletedWith, "place");
    assert.equal(state.deleteBeforeReplace, true);
  });

  it("is made of items and checks that the provider takes", async () => {
    const graph = await graphOf();
    for (const { inputs } of graph.ofType("HostState")) hostStateSchema.parse(inputs);
    gateSchema.parse(graph.get("alpha", "Gate").inputs);
  });

  it("hides nothing but the authority's key, and hands it on as a secret", async () => {
    let key: pulumi.Output<string> | undefined;
    const graph = await captureGraph(
      () => {
        key = new SecurityBaseline("alpha", { machines: [one] }).authorityBackup.key;
      },
      { outputs },
    );
    assert.deepEqual(
      graph.resources.flatMap(({ secrets }) => secrets),
      [],
    );
    assert.equal(await pulumi.isSecret(key as pulumi.Output<string>), true);
    const [fact] = Object.values(
      (graph.get("alpha-server-1").inputs.facts ?? {}) as Record<string, { secret?: boolean }>,
    ).filter(({ secret }) => secret);
    assert.ok(fact, "the key is a secret fact");
  });

  it("keeps the key of an authority from a backup secret wherever it goes", async () => {
    const authorityBackup = { certificate: "CERTIFICATE", key: pulumi.secret("THE-KEY") };
    const graph = await graphOf({ authorityBackup });
    const { secrets, inputs } = graph.get("alpha-server-1");
    const holders = (inputs.items as Item[]).flatMap((item, index) =>
      JSON.stringify(item).includes("THE-KEY") ? [index] : [],
    );
    assert.equal(holders.length, 1);
    assert.deepEqual(secrets, [`items[${holders[0]}].run`]);
  });
});

describe("the security baseline of a machine", () => {
  it("opens SSH right after the table that closes everything, and before anything reloads sshd", async () => {
    const kinds = itemsOf(await graphOf(), "alpha-agent-1").map(
      (item) => `${item.kind} ${"path" in item ? item.path : "unit" in item ? item.unit : ""}`,
    );
    const at = (text: string) => kinds.findIndex((kind) => kind.startsWith(text));
    assert.ok(at("firewallTable") < at("allowedPort"));
    assert.ok(at("allowedPort") < at("service groundwork-firewall"));
    assert.ok(at("allowedPort") < at("file /etc/ssh"));
    assert.ok(at("file /etc/ssh") < at("service ssh.service"));
  });

  it("has its packages side by side", async () => {
    const kinds = itemsOf(await graphOf(), "alpha-agent-1").map(({ kind }) => kind);
    assert.equal(
      kinds.lastIndexOf("package") - kinds.indexOf("package") + 1,
      kinds.filter((kind) => kind === "package").length,
    );
  });

  it("opens the port of the connection unless told another", async () => {
    const custom = {
      ...one,
      connection: { ...(one.connection as object), port: 2222 } as typeof one.connection,
    };
    const port = async (args: Partial<SecurityBaselineArgs>) =>
      itemsOf(await graphOf(args), "alpha-server-1").flatMap((item) =>
        item.kind === "allowedPort" ? [item.port, item.from] : [],
      );
    assert.deepEqual(await port({ machines: [custom] }), [2222, "any"]);
    assert.deepEqual(await port({ machines: [custom], ssh: { port: 22, sources: ["10.0.0.0/8"] } }), [
      22,
      "10.0.0.0/8",
    ]);
  });

  it("makes the authority on the first machine, or on the one that is named", async () => {
    const withAuthority = async (args: Partial<SecurityBaselineArgs>) => {
      const graph = await captureGraph(
        () => new SecurityBaseline("alpha", { machines: [one, two], ...args }),
        {
          outputs: () => facts,
        },
      );
      return ["server-1", "agent-1"].filter((name) =>
        itemsOf(graph, `alpha-${name}`).some(
          (item) => item.kind === "command" && item.name.includes("authority"),
        ),
      );
    };
    assert.deepEqual(await withAuthority({}), ["server-1"]);
    assert.deepEqual(await withAuthority({ authorityMachine: "agent-1" }), ["agent-1"]);
    await assert.rejects(
      withAuthority({ authorityMachine: "nobody" }),
      /GW101 alpha\.authorityMachine: no machine is named nobody; there are server-1, agent-1/,
    );
  });

  it("asks the authority for its own names only", async () => {
    const { tickets } = (await graphOf()).get("alpha-certificates-agent-1").inputs as {
      tickets: Record<string, { issue: string; from: { name: string }[] }>;
    };
    const [ticket] = Object.values(tickets);
    assert.deepEqual(
      ticket?.from.map(({ name }) => name),
      ["server-1"],
    );
    assert.match(ticket?.issue ?? "", /'DNS:agent-1,IP:192\.0\.2\.2,IP:2001:db8::2'/);
  });

  it("is refused when it would lock Groundwork out, at once where the login is known", async () => {
    const ssh = { rootLogin: "no" } as const;
    const later = { ...one, connection: pulumi.output(one.connection) };
    await assert.rejects(graphOf({ ssh }), /^GroundworkError: GW101 machine server-1/);
    await assert.rejects(graphOf({ ssh, machines: [later] }), /GW101 machine server-1/);
  });

  it("asks before a change whether the login comes from the sources, whether kernel settings can be written, and whether the architecture is as declared", async () => {
    const guards = async (args: Partial<SecurityBaselineArgs>) =>
      ((await graphOf(args)).get("alpha-agent-1").inputs.guards as Check[]).map(({ name }) => name);
    const sources = "ssh.sources holds where Groundwork logs in from";
    assert.ok((await guards({ ssh: { sources: ["10.0.0.0/8"] } })).includes(sources));
    const everywhere = await guards({});
    assert.ok(!everywhere.includes(sources));
    assert.ok(everywhere.includes("kernel settings can be written"));
    assert.ok(everywhere.includes("the architecture is the declared one"));
  });

  it("shows in a preview of new machines what is known already", async () => {
    const graph = await graphOf({}, true);
    const items = itemsOf(graph, "alpha-certificates-agent-1");
    assert.equal(items.find((item) => item.kind === "file")?.content, unknown);
    assert.equal(items.find((item) => item.kind === "certificate")?.commonName, "agent-1");
  });
});

describe("the gate of the security baseline", () => {
  it("has each machine looked at from the next one, over IPv4 and IPv6", async () => {
    const found = names(checksOf(await graphOf()));
    for (const check of [
      "agent-1: a password login to server-1 is refused",
      "agent-1: an undeclared port of server-1 is closed over IPv4",
      "agent-1: an undeclared port of server-1 is closed over IPv6",
      "server-1: a password login to agent-1 is refused",
    ]) {
      assert.ok(found.includes(check), check);
    }
  });

  it("looks from a machine's own side where there is no other", async () => {
    const found = names(checksOf(await graphOf({ machines: [one] })));
    assert.ok(found.includes("server-1: a password login to server-1 is refused"));
    assert.ok(found.includes("server-1: a listener on an undeclared port is out of a stranger's reach"));
    assert.ok(!found.some((name) => name.includes("is closed over")));
  });

  it("tries no login from where SSH lets nobody in, and takes the echo for a sign of life there", async () => {
    const checks = checksOf(await graphOf({ ssh: { sources: ["198.51.100.0/24"] } }));
    const login = checks.find(({ name }) => name === "a password login to server-1 is refused");
    assert.equal(login?.on?.name, "server-1");
    assert.match(login?.run ?? "", /'127\.0\.0\.1' '22'/);
    assert.match(
      checks.find(({ name }) => name.endsWith("server-1 is closed over IPv4"))?.run ?? "",
      /'47113' 'echo'/,
    );
  });

  it("names each check once on its machine", async () => {
    const found = names(checksOf(await graphOf()));
    assert.equal(new Set(found).size, found.length);
  });

  it("hands waivers on by name", async () => {
    const waivers = { "the clock is synchronised": "the clock is the host's" };
    const graph = await graphOf({ waivers });
    assert.deepEqual(graph.get("alpha", "Gate").inputs.waivers, waivers);
    assert.ok(checksOf(graph).some(({ name }) => name in waivers));
  });
});
