import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { labArtifactsFile } from "../../foundation/stateFolder.ts";
import { labReleases } from "../../lab/spec.ts";
import { readAuthorityBackup } from "../../stacks/authorityBackup.ts";
import { parseConfiguration } from "../../stacks/configuration.ts";
import type { LabArtifacts } from "../../stacks/labArtifacts.ts";
import { createMachines } from "../../stacks/machines.ts";
import { createStreams } from "../../stacks/streams.ts";
import { type ImageName, images, programs } from "../../versions/index.ts";
import { type CapturedResource, captureGraph, type Graph } from "./harness.ts";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA+2w4swUds7xpj3T60Q6sH3OCkoBuQ5BWp7EAPf8kB0";
const otherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPRnrhXPcVZMitHyRozLRnvQ9XkL0+P7w8JUt2xY2493";
const state = mkdtempSync(join(tmpdir(), "groundwork-test-"));

const lab = {
  machines: {
    "server-1": { lab: { roles: ["server", "monitoring"] } },
    "agent-1": { lab: { roles: ["agent"] } },
  },
};
const own = {
  machines: {
    "web-1": { existing: { address: "192.0.2.1", roles: ["server", "monitoring"], hostKey } },
    "web-2": {
      existing: {
        address: "192.0.2.2",
        roles: ["agent"],
        hostKey: otherKey,
        bastion: { address: "198.51.100.1", hostKey },
      },
    },
  },
};

/** The program's resources for a configuration, before anything exists or when everything does. */
function graphOf(configuration: unknown, preview = false): Promise<Graph> {
  return captureGraph(
    () => {
      const wanted = parseConfiguration(configuration);
      createStreams(wanted, createMachines(wanted));
    },
    { preview, outputs: labOutputs },
  );
}

/** Archives of the image of kube-proxy. */
const digestOf = { bookworm: "b".repeat(64), trixie: "c".repeat(64) };

/** Stands in every secret fact that a machine gives. */
const secretFact = "a secret of the machine";

function labOutputs(type: string): Record<string, unknown> | undefined {
  if (type === "groundwork:index:HostState") {
    const facts = ["kubeconfig", "authorityKey"].map((name) => [name, secretFact]);
    return { secretFacts: pulumi.secret(Object.fromEntries(facts)) };
  }
  if (type === "groundwork:index:LabNetwork") return { artifactUrl: "http://10.77.0.1:8077" };
  if (type === "groundwork:index:LabMachine") return { hostKey, machineId: "0".repeat(32), state: "running" };
  return undefined;
}

before(() => {
  process.env.GROUNDWORK_STATE = state;
  const file = (name: string) => ({ path: `files/${name}`, sha256: "0".repeat(64) });
  const shown: LabArtifacts = {
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    programs: Object.fromEntries(Object.keys(programs).map((name) => [name, file(name)])),
    images: (Object.keys(images) as ImageName[]).flatMap((image) => {
      const shared = { ...file(image), image, reference: images[image].reference };
      if (image !== "kube-proxy") return [shared];
      return labReleases.map((release) => ({ ...shared, sha256: digestOf[release], release }));
    }),
  };
  writeFileSync(join(dirname(labArtifactsFile()), "labArtifacts.json"), JSON.stringify(shown));
});

after(() => rmSync(state, { recursive: true }));

/** Everything that a resource waits for, directly or not. */
function waitsFor(graph: Graph, resource: CapturedResource): Set<string> {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    for (const other of graph.resources.filter((candidate) => candidate.name === name))
      for (const next of other.dependencies) {
        if (seen.has(next)) continue;
        seen.add(next);
        visit(next);
      }
  };
  for (const name of resource.dependencies) {
    seen.add(name);
    visit(name);
  }
  return seen;
}

/** Paths of the texts that hold `wanted`. */
function pathsOf(value: unknown, wanted: string, path = ""): string[] {
  if (typeof value === "string") return value.includes(wanted) ? [path] : [];
  if (Array.isArray(value))
    return value.flatMap((inner, index) => pathsOf(inner, wanted, `${path}[${index}]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    pathsOf(inner, wanted, path === "" ? key : `${path}.${key}`),
  );
}

const hostsOf = (graph: Graph, stream: string): CapturedResource[] =>
  graph.ofType("HostState").filter(({ inputs }) => inputs.stream === stream);

const machineOf = ({ inputs }: CapturedResource): string => (inputs.connection as { name: string }).name;

/** Whether a HostState has an item with these fields. */
const hasItem = ({ inputs }: CapturedResource, fields: Record<string, string>): boolean =>
  (inputs.items as Record<string, unknown>[]).some((item) =>
    Object.entries(fields).every(([field, value]) => item[field] === value),
  );

describe("the root program", () => {
  it("asks for none of the lab's artifacts where no stream loads any", async () => {
    process.env.GROUNDWORK_STATE = join(state, "fresh");
    try {
      const off = { enabled: false };
      const graph = await graphOf({ ...lab, streams: { bravo: off, charlie: off, delta: off } });
      assert.equal(graph.ofType("Gate").length, 1);
      await assert.rejects(graphOf({ ...lab, streams: { charlie: off, delta: off } }), { code: "GW609" });
    } finally {
      process.env.GROUNDWORK_STATE = state;
    }
  });

  it("makes the network, the machines, and one gate for each stream", async () => {
    const graph = await graphOf(lab);
    assert.deepEqual(
      graph
        .ofType("LabMachine")
        .map(({ name }) => name)
        .sort(),
      ["agent-1", "server-1"],
    );
    assert.deepEqual(
      graph
        .ofType("Gate")
        .map(({ name }) => name)
        .sort(),
      ["alpha", "bravo", "charlie", "delta"],
    );
  });

  it("lets Bravo and Charlie wait for Alpha's gate, Delta for all three, and none for what is left out", async () => {
    const gates = ["alpha", "bravo", "charlie", "delta"];
    const behind = async (streams: object): Promise<Record<string, string[]>> => {
      const graph = await graphOf({ ...lab, streams });
      return Object.fromEntries(
        gates.map((stream) => {
          const direct = new Set(hostsOf(graph, stream).flatMap(({ dependencies }) => dependencies));
          return [stream, gates.filter((gate) => direct.has(gate))];
        }),
      );
    };
    const order = { alpha: [], bravo: ["alpha"], charlie: ["alpha"], delta: ["alpha", "bravo", "charlie"] };
    assert.deepEqual(await behind({}), order);
    const unwatched = { ...order, charlie: [], delta: ["alpha", "bravo"] };
    assert.deepEqual(await behind({ charlie: { enabled: false } }), unwatched);
  });

  it("lets Bravo and Charlie go side by side: neither waits for the other", async () => {
    const graph = await graphOf(lab);
    for (const [stream, other] of [
      ["bravo", "charlie"],
      ["charlie", "bravo"],
    ] as const)
      for (const host of hostsOf(graph, stream)) {
        const names = waitsFor(graph, host);
        const others = hostsOf(graph, other).map(({ name }) => name);
        assert.ok(!others.some((name) => names.has(name)), `${host.name} waits for ${other}`);
      }
  });

  it("gives a lab machine the image of kube-proxy with the programs of its own release, and one alone", async () => {
    const machines = {
      "server-1": { lab: { roles: ["server", "monitoring"], release: "trixie" } },
      "agent-1": { lab: { roles: ["agent"] } },
    };
    const graph = await graphOf({ ...lab, machines });
    const digests = (machine: string) =>
      (graph.get(`bravo-${machine}`, "HostState").inputs.items as Record<string, unknown>[])
        .filter(({ path }) => /kube-proxy/.test(String(path)))
        .map(({ sha256 }) => sha256);
    assert.deepEqual(digests("server-1"), [digestOf.trixie]);
    assert.deepEqual(digests("agent-1"), [digestOf.bookworm]);
  });

  it("has a name of its own for every resource of a type, and each name says its stream and machine", async () => {
    const { resources, ofType } = await graphOf(lab);
    assert.equal(new Set(resources.map(({ urn }) => urn)).size, resources.length);
    for (const { name, inputs } of ofType("HostState")) {
      const machine = (inputs.connection as { name: string }).name;
      assert.match(name, new RegExp(`^${inputs.stream}-(.*-)?${machine}$`));
    }
  });

  it("lets what runs on a lab machine go with it, and restores only existing ones", async () => {
    for (const { name, deletedWith, inputs } of (await graphOf(lab)).ofType("HostState"))
      assert.equal(deletedWith, (inputs.connection as { name: string }).name, name);
    for (const { name, deletedWith } of (await graphOf(own)).ofType("HostState"))
      assert.equal(deletedWith, undefined, name);
  });

  it("puts every HostState and Gate below the component of its stream", async () => {
    const graph = await graphOf(lab);
    for (const resource of [...graph.ofType("HostState"), ...graph.ofType("Gate")]) {
      let top = resource;
      while (top.parent !== undefined && top.parent !== "groundwork-test") {
        const above = graph.resources.find(({ name, custom }) => name === top.parent && !custom);
        assert.ok(above, `${top.name} stands below ${top.parent}`);
        top = above;
      }
      assert.equal(top.name, resource.inputs.stream);
    }
  });

  it("makes no machine where all exist, and reaches one through its pinned bastion", async () => {
    const graph = await graphOf(own);
    assert.deepEqual([...graph.ofType("LabMachine"), ...graph.ofType("LabNetwork")], []);
    const connection = graph.get("alpha-web-2", "HostState").inputs.connection as Record<string, unknown>;
    assert.deepEqual(connection.bastion, {
      name: "web-2-bastion",
      address: "198.51.100.1",
      port: 22,
      user: "root",
      hostKey,
    });
  });

  it("leaves out a stream that is not enabled, and what stands on the others stays", async () => {
    const graph = await graphOf({ ...lab, streams: { charlie: { enabled: false } } });
    assert.deepEqual(
      graph
        .ofType("Gate")
        .map(({ name }) => name)
        .sort(),
      ["alpha", "bravo", "delta"],
    );
  });

  it("knows in a preview what each machine will get, before any machine exists", async () => {
    const graph = await graphOf(lab, true);
    assert.deepEqual(
      graph
        .ofType("Gate")
        .map(({ name }) => name)
        .sort(),
      ["alpha", "bravo", "charlie", "delta"],
    );
    for (const { name, inputs } of graph.ofType("HostState"))
      assert.ok(Array.isArray(inputs.items) && inputs.items.length > 0, `${name} has no items`);
  });

  it("installs openssl on a machine in a state of its own before anything there asks for a certificate", async () => {
    for (const configuration of [lab, own]) {
      const graph = await graphOf(configuration);
      const certified = graph.ofType("HostState").filter((host) => hasItem(host, { kind: "certificate" }));
      assert.equal(new Set(certified.map(machineOf)).size, 2);
      for (const host of certified) {
        const before = waitsFor(graph, host);
        const installing = graph
          .ofType("HostState")
          .filter((other) => before.has(other.name) && machineOf(other) === machineOf(host))
          .filter((other) => hasItem(other, { kind: "package", name: "openssl" }));
        assert.equal(installing.length, 1, `${host.name} waits for no openssl`);
      }
    }
  });

  it("lets no secret of a machine into a plain input", async () => {
    for (const { name, inputs, secrets } of (await graphOf(lab)).resources) {
      const open = pathsOf(inputs, secretFact).filter(
        (path) => !secrets.some((secret) => path.startsWith(secret)),
      );
      assert.deepEqual(open, [], name);
    }
  });

  it("goes on with a saved authority, whose key is in no plain input, and gives one out as a secret", async () => {
    const block = (label: string, body: string) =>
      `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
    const file = join(state, "authority.pem");
    writeFileSync(file, block("CERTIFICATE", "c2F2ZWQ=") + block("PRIVATE KEY", "aGlkZGVu"));
    const graph = await graphOf({ ...lab, streams: { alpha: { authorityBackupFile: file } } });
    const { inputs, secrets } = graph.get("alpha-server-1", "HostState");
    assert.notDeepEqual(pathsOf(inputs, "c2F2ZWQ="), []);
    const hidden = pathsOf(inputs, "aGlkZGVu");
    assert.notDeepEqual(hidden, []);
    for (const path of hidden)
      assert.ok(
        secrets.some((secret) => path.startsWith(secret)),
        path,
      );

    let backup: pulumi.Output<string> | undefined;
    await captureGraph(
      () => {
        const wanted = parseConfiguration(lab);
        backup = createStreams(wanted, createMachines(wanted)).authorityBackup;
      },
      { outputs: labOutputs },
    );
    assert.ok(backup !== undefined && (await pulumi.isSecret(backup)));
  });

  it("refuses a saved authority that is not there, or has not one certificate and one key", () => {
    const file = join(state, "half.pem");
    assert.throws(() => readAuthorityBackup(file), /GW609 .*half\.pem cannot be read/);
    writeFileSync(file, "-----BEGIN CERTIFICATE-----\nc2F2ZWQ=\n-----END CERTIFICATE-----\n");
    assert.throws(
      () => readAuthorityBackup(file),
      /GW101 .*half\.pem must hold one certificate and one private key/,
    );
  });

  it("gives waivers and settings of the configuration to their stream", async () => {
    const waivers = { "the clock is synchronised": "a container has the clock of its host" };
    const graph = await graphOf({ ...lab, streams: { alpha: { waivers, ssh: { maxAuthTries: 2 } } } });
    assert.deepEqual(graph.get("alpha", "Gate").inputs.waivers, waivers);
    assert.match(JSON.stringify(graph.get("alpha-server-1", "HostState").inputs.items), /MaxAuthTries 2/);
    assert.notDeepEqual(graph.get("bravo", "Gate").inputs.waivers, waivers);
  });
});
