import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Declared, type Rehearsal, rehearse } from "../../../cli/rehearsal/rehearse.ts";
import { root } from "../../../cli/root.ts";
import { engineSettings, readStackFile } from "../../../cli/stack/stackFile.ts";
import { declaredPlaces } from "../../../cli/stack/streams.ts";
import { parseConfiguration } from "../../../stacks/configuration.ts";
import { hostKeyOf } from "../../support/hostKey.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-test-"));

/** Rehearses a program that is given by its text, which may use what is defined here. */
async function rehearsed(text: string, lab: Rehearsal["lab"] = {}): Promise<Declared> {
  const program = join(folder, `${randomUUID()}.ts`);
  const start = `import * as pulumi from ${JSON.stringify(import.meta.resolve("@pulumi/pulumi"))};
import { Gate, HostState, LabMachine, LabNetwork } from ${JSON.stringify(join(root, "provider/index.ts"))};
import { SecurityBaseline } from ${JSON.stringify(join(root, "components/index.ts"))};
const connection = { name: "m1", address: "192.0.2.1", hostKey: ${JSON.stringify(hostKeyOf("m1"))} };
const other = { name: "m2", address: "192.0.2.2", hostKey: ${JSON.stringify(hostKeyOf("m2"))} };
const file = (content: pulumi.Input<string>) => ({ kind: "file" as const, path: "/etc/shared", content });
void [Gate, HostState, LabMachine, LabNetwork, SecurityBaseline, connection, other, file, pulumi];
`;
  writeFileSync(program, start + text);
  return rehearse({ program, project: "groundwork", stack: "dev", config: {}, lab });
}

const first = `const one = new HostState("alpha-m1", { connection, stream: "alpha", items: [file("one")] });
const gate = new Gate("alpha", {
  stream: "alpha", generations: { one: one.generation }, checks: [{ name: "c", run: "true", on: connection }],
});
`;

describe("a program that is rehearsed", { concurrency: 2 }, () => {
  before(() => mkdirSync(folder, { recursive: true }));
  after(() => rmSync(folder, { recursive: true }));

  it("is refused when two streams want one item differently, though the second waits for the first", async () => {
    const second = `new HostState("delta-m1", { connection, stream: "delta", items: [file("two")] }, { dependsOn: [gate] });`;
    await assert.rejects(rehearsed(first + second), {
      message:
        "GW103 delta-m1.items: file:/etc/shared is wanted with another value by alpha-m1. Make both wants equal, or let one stream own it",
    });
  });

  it("is refused for that on a machine that is yet to be made, and shows no secret", async () => {
    const text = `const network = { name: "dev", subnet: "10.9.0.0/24", subnet6: "fd09::/64", artifactFolder: "/tmp", artifactPort: 8077 };
const made = new LabMachine("m1", { network, name: "m1", address: "10.9.0.2", address6: "fd09::2", roles: ["agent"], diskGiB: 20, release: "bookworm", privateKeyFile: "/root/key" });
const its = made.hostKey.apply((hostKey) => ({ name: "m1", address: "10.9.0.2", hostKey }));
new HostState("alpha-m1", { connection: its, stream: "alpha", items: [file(pulumi.secret("hidden one"))] });
new HostState("bravo-m1", { connection: its, stream: "bravo", items: [file(pulumi.secret("hidden two"))] });`;
    await assert.rejects(rehearsed(text), ({ message }: Error) => {
      assert.match(message, /^GW103 (alpha|bravo)-m1\.items: file:\/etc\/shared/);
      assert.doesNotMatch(message, /hidden/);
      return true;
    });
  });

  it("passes when they want it alike, on other machines, or with a value that nobody knows yet", async () => {
    await rehearsed(`${first}
new HostState("bravo-m1", { connection, stream: "bravo", items: [file("one")] }, { dependsOn: [gate] });
new HostState("alpha-m2", { connection: other, stream: "alpha", items: [file("two")] });
new HostState("delta-m1", { connection, stream: "delta", items: [file(one.fact("known later"))] });
pulumi.output(gate.generation).apply(() => { throw new Error("the generation is not known"); });`);
  });

  it("is refused for an item that is not valid in a stream that comes late, by its path", async () => {
    const late = `new HostState("delta-m1", { connection, stream: "delta", items: [{ ...file("one"), mode: "644" }] }, { dependsOn: [gate] });`;
    await assert.rejects(rehearsed(first + late), /^GroundworkError: GW102 delta-m1\.items\[0\]\.mode: /);
  });

  it("is refused for two resources of one name, with the machines that they are of", async () => {
    const login = (name: string) => ({ name, address: "192.0.2.9", hostKey: hostKeyOf(name) });
    const text = `class Group extends pulumi.ComponentResource {
  constructor(name: string) { super("test:index:Group", name); }
}
const alpha = (name: string, connection: object, parent?: pulumi.Resource) =>
  new HostState(name, { connection: connection as never, stream: "alpha", items: [] }, { parent });
const agent = ${JSON.stringify(login("agent-1"))};
alpha("alpha-certificates-agent-1", agent);
alpha("alpha-certificates-agent-1", agent, new Group("group"));
new Gate("alpha-certificates-agent-1", { stream: "alpha", generations: {}, checks: [{ name: "c", run: "true", on: connection }] });
`;
    await rehearsed(text);
    const other = JSON.stringify(login("certificates-agent-1"));
    await assert.rejects(rehearsed(`${text}alpha("alpha-certificates-agent-1", ${other});`), {
      message:
        "GW101 alpha-certificates-agent-1: 2 resources of type groundwork:index:HostState have this name: one of machine agent-1, one of machine certificates-agent-1. Give one of them, or of what it is named after, another name",
    });
  });

  it("is refused for a waiver that names no check of its stream, with the names that there are", async () => {
    const gate = (reasons: string) => `new Gate("alpha", {
      stream: "alpha", generations: {}, checks: [{ name: "the clock runs", run: "true", on: connection }], waivers: ${reasons},
    });`;
    await rehearsed(gate('{ "the clock runs": "a container" }'));
    await assert.rejects(rehearsed(gate('{ "the clok runs": "a container" }')), {
      message:
        /^GW101 streams\.alpha\.waivers\.the clok runs: no check of alpha has this name \(its checks: the clock runs\)/,
    });
  });

  it("is refused by a component with the component's own words, and all problems are told at once", async () => {
    const text = `new HostState("alpha-m1", { connection, stream: "alpha", items: [{ ...file("one"), mode: "644" }] });
new SecurityBaseline("base", { machines: [], journal: { maxUseMiB: 1 } } as never);`;
    await assert.rejects(rehearsed(text), ({ message }: Error) => {
      assert.match(message, /^GW101: 2 problems\n/);
      assert.match(message, /- base\.\S+: /);
      assert.match(message, /- alpha-m1\.items\[0\]\.mode: /);
      return true;
    });
  });

  it("is left to the engine when it fails in a way that may be due to the rehearsal", async () => {
    await rehearsed('throw new TypeError("a data source answered nothing");');
    await rehearsed("process.exit(3);");
  });

  it("answers what it declares of each machine: values, secrets by name, and what only an up can tell", async () => {
    const { hosts, doubts } = await rehearsed(`${first}
new HostState("bravo-m1", { connection, stream: "bravo", items: [
  { kind: "file", path: "/etc/known", content: pulumi.secret("hidden") },
  { kind: "file", path: "/etc/later", content: one.fact("port") },
] });`);
    assert.deepEqual(doubts, []);
    assert.deepEqual(
      hosts.map(({ name, machine, stream, items }) => [name, machine, stream, items]),
      [
        ["alpha-m1", "m1", "alpha", [{ key: "file:/etc/shared", unknown: [] }]],
        [
          "bravo-m1",
          "m1",
          "bravo",
          [
            { key: "file:/etc/known", unknown: [] },
            { key: "file:/etc/later", unknown: ["content"] },
          ],
        ],
      ],
    );
    const { items, secretItems } = hosts[1]?.spec ?? {};
    assert.deepEqual(items, [{ kind: "file", path: "/etc/known", content: "hidden" }]);
    assert.deepEqual(secretItems, ["file:/etc/known"]);
  });

  it("knows the way to a lab machine that was made, and to none that is not", async () => {
    const text = `const network = { name: "dev", subnet: "10.9.0.0/24", subnet6: "fd09::/64", artifactFolder: "/tmp", artifactPort: 8077 };
for (const [at, name] of ["m1", "m2"].entries()) {
  const address = "10.9.0." + (at + 2);
  const made = new LabMachine(name, { network, name, address, address6: "fd09::" + (at + 2), roles: ["agent"], diskGiB: 20, release: "bookworm", privateKeyFile: "/root/key" });
  const its = made.hostKey.apply((hostKey) => ({ name, address, hostKey }));
  new HostState("alpha-" + name, { connection: its, stream: "alpha", items: [file(made.hostKey)] });
}`;
    const { hosts } = await rehearsed(text, { "LabMachine m1": { hostKey: hostKeyOf("made") } });
    const [made, notMade] = hosts;
    assert.equal(made?.spec?.connection.hostKey, hostKeyOf("made"));
    assert.deepEqual(made?.spec?.items, [{ kind: "file", path: "/etc/shared", content: hostKeyOf("made") }]);
    assert.equal(notMade?.machine, "m2");
    assert.equal(notMade?.spec, undefined);
    assert.deepEqual(notMade?.items, [{ key: "file:/etc/shared", unknown: ["content"] }]);
  });

  it("knows what the lab's network said when it was made, if it was", async () => {
    const text = `const network = new LabNetwork("lab", { name: "dev", subnet: "10.9.0.0/24", subnet6: "fd09::/64", artifactFolder: "/tmp", artifactPort: 8077 });
new HostState("alpha-m1", { connection, stream: "alpha", items: [file(network.artifactUrl)] });`;
    const { hosts } = await rehearsed(text, { "LabNetwork lab": { artifactUrl: "http://10.9.0.1:8077" } });
    assert.deepEqual(hosts[0]?.spec?.items, [
      { kind: "file", path: "/etc/shared", content: "http://10.9.0.1:8077" },
    ]);
    const none = await rehearsed(text);
    assert.deepEqual(none.hosts[0]?.items, [{ key: "file:/etc/shared", unknown: ["content"] }]);
  });

  it("says that more may be declared where it failed, or asks what only an up answers", async () => {
    const failed = await rehearsed(`${first}throw new TypeError("a data source answered nothing");`);
    assert.deepEqual(failed.doubts, ["the program failed: a data source answered nothing"]);
    assert.equal(failed.hosts.length, 1);
    assert.deepEqual((await rehearsed("process.exit(3);")).doubts, ["the program ended its own process"]);
    const asked = await rehearsed('pulumi.runtime.invoke("cloud:index:getImage", {});');
    assert.deepEqual(asked.doubts, ["the program asks for cloud:index:getImage, which only an up answers"]);
  });

  it("passes with bytes beside the program, which it knows by their digest as the engine does", async () => {
    writeFileSync(join(folder, "logo.png"), "bytes");
    const asset = (path: string) =>
      `new HostState("alpha-m1", { connection, stream: "alpha", items: [{ kind: "file", path: "/opt/logo", asset: new pulumi.asset.FileAsset("${path}") }] });`;
    const { hosts } = await rehearsed(asset("./logo.png"));
    const [item] = hosts[0]?.spec?.items ?? [];
    assert.equal(
      (item as { asset?: { hash: string } }).asset?.hash,
      createHash("sha256").update("bytes").digest("hex"),
    );
    assert.deepEqual((await rehearsed(asset("./not-made-yet"))).hosts[0]?.items, [
      { key: "file:/opt/logo", unknown: ["asset"] },
    ]);
  });

  it("is this project's own, for the lab and for machines that are there already", async () => {
    const { GROUNDWORK_STATE } = process.env;
    process.env.GROUNDWORK_STATE = folder;
    writeFileSync(
      join(folder, "labArtifacts.json"),
      JSON.stringify({ architecture: "amd64", programs: {}, images: [] }),
    );
    const own = (config: Record<string, string>): Promise<Declared> =>
      rehearse({ program: join(root, "index.ts"), project: "groundwork", stack: "dev", config });
    const login = (at: number) => ({ address: `192.0.2.${at}`, hostKey: hostKeyOf(`web-${at}`) });
    try {
      await own(engineSettings((await readStackFile("dev")).file));
      const machines = {
        "web-1": { existing: { ...login(1), roles: ["server", "monitoring"] } },
        "web-2": { existing: { ...login(2), roles: ["agent"] } },
      };
      const three = {
        "web-1": { existing: { ...login(1), roles: ["server"] } },
        "web-2": machines["web-2"],
        "web-3": { existing: { ...login(3), roles: ["monitoring"] } },
      };
      const { hosts } = await own({ "groundwork:machines": JSON.stringify(three) });
      const places = Object.entries(declaredPlaces(parseConfiguration({ machines: three }, "dev")));
      for (const [stream, names] of places) {
        const found = hosts.filter((host) => host.stream === stream).map(({ machine }) => machine);
        assert.deepEqual([...new Set(found)].sort(), names, stream);
      }
      await assert.rejects(own({ "groundwork:machines": "{}" }), /GW101/);
      const alike = { ...machines, "certificates-web-2": { existing: { ...login(3), roles: ["agent"] } } };
      await assert.rejects(
        own({ "groundwork:machines": JSON.stringify(alike) }),
        /alpha-certificates-web-2: 2 resources .*: one of machine (certificates-)?web-2, one of machine (certificates-)?web-2\./,
      );
      const waivers = { "the clock is sinchronised": "a container" };
      await assert.rejects(
        own({
          "groundwork:machines": JSON.stringify(machines),
          "groundwork:streams": JSON.stringify({ alpha: { waivers } }),
        }),
        /GW101 streams\.alpha\.waivers\.the clock is sinchronised: .*the clock is synchronised/,
      );
    } finally {
      if (GROUNDWORK_STATE === undefined) delete process.env.GROUNDWORK_STATE;
      else process.env.GROUNDWORK_STATE = GROUNDWORK_STATE;
    }
  });
});
