import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { rehearse } from "../../../cli/rehearsal/rehearse.ts";
import { root } from "../../../cli/root.ts";
import { readEngineSettings } from "../../../cli/stackFile.ts";
import { hostKeyOf } from "../../support/hostKey.ts";

const folder = mkdtempSync(join(tmpdir(), "groundwork-test-"));

/** Rehearses a program that is given by its text, which may use what is defined here. */
async function rehearsed(text: string): Promise<void> {
  const program = join(folder, `${randomUUID()}.ts`);
  const start = `import * as pulumi from ${JSON.stringify(import.meta.resolve("@pulumi/pulumi"))};
import { Gate, HostState, LabMachine } from ${JSON.stringify(join(root, "provider/index.ts"))};
import { SecurityBaseline } from ${JSON.stringify(join(root, "components/index.ts"))};
const connection = { name: "m1", address: "192.0.2.1", hostKey: ${JSON.stringify(hostKeyOf("m1"))} };
const other = { name: "m2", address: "192.0.2.2", hostKey: ${JSON.stringify(hostKeyOf("m2"))} };
const file = (content: pulumi.Input<string>) => ({ kind: "file" as const, path: "/etc/shared", content });
void [Gate, HostState, LabMachine, SecurityBaseline, connection, other, file, pulumi];
`;
  writeFileSync(program, start + text);
  await rehearse({ program, project: "groundwork", stack: "dev", config: {} });
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

  it("is this project's own, for the lab and for machines that are there already", async () => {
    const { GROUNDWORK_STATE } = process.env;
    process.env.GROUNDWORK_STATE = folder;
    writeFileSync(
      join(folder, "labArtifacts.json"),
      JSON.stringify({ architecture: "amd64", programs: {}, images: {} }),
    );
    const own = (config: Record<string, string>): Promise<void> =>
      rehearse({ program: join(root, "index.ts"), project: "groundwork", stack: "dev", config });
    const login = (at: number) => ({ address: `192.0.2.${at}`, hostKey: hostKeyOf(`web-${at}`) });
    try {
      await own(await readEngineSettings("dev"));
      const machines = {
        "web-1": { existing: { ...login(1), roles: ["server", "monitoring"] } },
        "web-2": { existing: { ...login(2), roles: ["agent"] } },
      };
      await own({ "groundwork:machines": JSON.stringify(machines) });
      await assert.rejects(own({ "groundwork:machines": "{}" }), /GW101/);
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
