import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { Gate, HostState, itemKinds, LabMachine, LabNetwork } from "../../provider/index.ts";
import { fieldsOf, readInterfaces } from "../../provider/schema/declarations.ts";
import { type JsonSchema, jsonSchemaOf, resolve } from "../../provider/schema/jsonSchema.ts";
import {
  type ObjectSpec,
  type PackageSpec,
  type PropertySpec,
  packageSchema,
  resourceSources,
  sdkClass,
} from "../../provider/schema/packageSchema.ts";
import { renderSchema } from "../../provider/schema/renderSchema.ts";
import { hostKeyOf } from "../support/hostKey.ts";
import { captureGraph } from "./harness.ts";

const committed = readFileSync(new URL("../../provider/schema.json", import.meta.url), "utf8");
const schema = JSON.parse(committed) as PackageSpec;
const resources = Object.keys(resourceSources);
const token = (name: string): string => `groundwork:index:${name}`;

const connection = { name: "m1", address: "192.0.2.1", hostKey: hostKeyOf("another") };
const network = { name: "dev", subnet: "", subnet6: "", artifactFolder: "/a", artifactPort: 8081 };

/** Every resource with every argument that programs can give. */
const examples: Record<string, () => { made: pulumi.CustomResource; args: object }> = {
  HostState: () => {
    const args = {
      connection,
      stream: "alpha",
      items: [],
      guards: [],
      checks: [],
      facts: {},
      tickets: {},
      waivers: {},
    };
    return { made: new HostState("HostState", args), args };
  },
  Gate: () => {
    const args = { stream: "alpha", generations: {}, checks: [], waivers: {} };
    return { made: new Gate("Gate", args), args };
  },
  LabNetwork: () => ({ made: new LabNetwork("LabNetwork", network), args: network }),
  LabMachine: () => {
    const args = {
      network,
      name: "m1",
      address: "",
      address6: "",
      diskGiB: 8,
      release: "bookworm" as const,
      privateKeyFile: "/k",
      roles: [],
    };
    return { made: new LabMachine("LabMachine", args), args };
  },
};

describe("the package schema", () => {
  it("is what the contracts in the code say", () => {
    assert.equal(committed, renderSchema(), "run `node provider/schema/generate.ts`");
  });

  it("has every resource and every kind of item", () => {
    assert.deepEqual(Object.keys(schema.resources), resources.map(token));
    const items = schema.resources[token("HostState")]?.inputProperties.items?.items;
    assert.deepEqual(Object.keys(items?.discriminator?.mapping ?? {}), Object.keys(itemKinds));
    assert.equal(items?.oneOf?.length, Object.keys(itemKinds).length);
  });

  it("describes every type, property and resource", () => {
    const objects = Object.entries(schema.types).flatMap(([name, type]) => [
      [name, type.description] as const,
      ...descriptions(name, type.type === "object" ? (type as ObjectSpec).properties : {}),
    ]);
    const described = Object.entries(schema.resources).flatMap(([name, resource]) => [
      [name, resource.description] as const,
      ...descriptions(`${name} output`, resource.properties),
      ...descriptions(`${name} input`, resource.inputProperties),
    ]);
    const bare = [...objects, ...described].filter(([, text]) => (text ?? "") === "").map(([name]) => name);
    assert.deepEqual(bare, []);
  });

  it("refers only to types that it holds", () => {
    const wanted = [...committed.matchAll(/"#\/types\/([^"]+)"/g)].map((match) => match[1] ?? "");
    assert.deepEqual([...new Set(wanted)].sort(), Object.keys(schema.types));
  });

  for (const name of resources) {
    it(`takes the inputs of ${name} that the provider accepts, with the same ones required`, () => {
      const resource = schema.resources[token(name)];
      const accepted = jsonSchemaOf(resourceSources[name]?.schema as never);
      compareObject(name, resource?.inputProperties ?? {}, resource?.requiredInputs ?? [], accepted);
    });

    it(`gives ${name} the outputs that its class declares`, () => {
      const resource = schema.resources[token(name)];
      const declared = sdkClass(name).fields.map((field) => field.name);
      const hidden = Object.keys(resource?.properties ?? {}).filter((output) => !declared.includes(output));
      assert.deepEqual(
        declared.filter((output) => resource?.properties[output] === undefined),
        [],
        "a class declares an output that does not exist",
      );
      assert.deepEqual(hidden, onlyInTheState[name] ?? []);
    });

    it(`lets programs read every output of ${name}, and nothing that does not exist`, async () => {
      let example: ReturnType<NonNullable<(typeof examples)[string]>> | undefined;
      const graph = await captureGraph(() => {
        example = examples[name]?.();
      });
      assert.ok(example);
      const outputs = Object.keys(schema.resources[token(name)]?.properties ?? {});
      const members = Object.entries(example.made)
        .filter(([key, value]) => !key.startsWith("__") && pulumi.Output.isInstance(value))
        .map(([key]) => key);
      const readable = members.filter(
        (key) => !["id", "urn"].includes(key) && !(key in (example?.args ?? {})),
      );
      assert.deepEqual(
        readable.filter((key) => !outputs.includes(key)),
        [],
      );
      const declared = sdkClass(name).fields.map((field) => field.name);
      assert.deepEqual(
        declared.filter((key) => !members.includes(key)),
        [],
      );
      const sent = Object.keys(graph.get(name).inputs);
      const inputs = schema.resources[token(name)]?.inputProperties ?? {};
      assert.deepEqual(sent.sort(), Object.keys(inputs).sort(), "the class and the schema take other inputs");
    });
  }

  it("has the arguments of HostState and Gate as the interfaces of the classes have them", () => {
    const interfaces = readInterfaces([
      new URL("../../provider/sdk/gate.ts", import.meta.url),
      new URL("../../provider/sdk/hostState.ts", import.meta.url),
    ]);
    for (const name of ["HostState", "Gate"]) {
      const fields = fieldsOf(interfaces, `${name}Args`);
      const resource = schema.resources[token(name)];
      assert.deepEqual(
        fields.map((field) => field.name).sort(),
        Object.keys(resource?.inputProperties ?? {}).sort(),
      );
      assert.deepEqual(
        fields.filter((field) => !field.optional).map((field) => field.name),
        resource?.requiredInputs,
      );
    }
  });

  it("encrypts what must not be read in the state", () => {
    assert.equal(schema.resources[token("HostState")]?.properties.secretFacts?.secret, true);
  });

  it("declares no settings of the provider: a stack's configuration, which has its name, is nothing to it", () => {
    const { config, provider } = JSON.parse(committed) as { config: object; provider: object };
    assert.deepEqual(config, {});
    assert.deepEqual(Object.keys(provider), ["description"]);
  });

  it("carries the version of the package", () => {
    assert.equal(schema.version, packageSchema().version);
    assert.equal(schema.name, "groundwork");
  });
});

/** Outputs that are for the next diff and for people who read the state, not for programs. */
const onlyInTheState: Record<string, string[]> = {
  HostState: ["unreachable", "unfinished", "foundMachineId"],
  LabNetwork: ["missing"],
};

function descriptions(owner: string, properties: Record<string, PropertySpec>) {
  return Object.entries(properties).map(
    ([name, { description }]) => [`${owner} ${name}`, description] as const,
  );
}

/** Walks both schemas side by side. */
function compareObject(
  where: string,
  properties: Record<string, PropertySpec>,
  required: string[],
  accepted: JsonSchema,
): void {
  const node = accepted.node as { properties?: object; required?: string[]; additionalProperties?: unknown };
  assert.deepEqual(Object.keys(properties).sort(), Object.keys(node.properties ?? {}).sort(), where);
  assert.deepEqual([...required].sort(), [...(node.required ?? [])].sort(), `required of ${where}`);
  assert.equal(node.additionalProperties, false, `${where} accepts properties that do not exist`);
  for (const [name, property] of Object.entries(properties))
    compareProperty(`${where}.${name}`, property, resolve(accepted, [name]), [where]);
}

function compareProperty(
  where: string,
  property: PropertySpec,
  accepted: JsonSchema | undefined,
  seen: string[],
): void {
  assert.ok(accepted, `${where} is not accepted`);
  if (property.oneOf !== undefined) {
    for (const [kind, target] of Object.entries(property.discriminator?.mapping ?? {}))
      compareProperty(`${where}[${kind}]`, { $ref: target }, resolve(accepted, [kind]), seen);
  } else if (property.$ref !== undefined) {
    compareReference(where, property.$ref, accepted, seen);
  } else if (property.items !== undefined) {
    assert.equal(accepted.node.type, "array", where);
    compareProperty(`${where}[]`, property.items, resolve(accepted, ["*"]), seen);
  } else if (property.additionalProperties !== undefined) {
    assert.equal(accepted.node.type, "object", where);
    compareProperty(`${where}{}`, property.additionalProperties, resolve(accepted, ["*"]), seen);
  } else if (accepted.node.anyOf === undefined) {
    assert.equal(property.type, accepted.node.type, where);
    assert.equal(property.const, accepted.node.const, where);
  } else {
    assert.ok(
      (accepted.node.anyOf as { type: string }[]).every(({ type }) => type === property.type),
      where,
    );
  }
}

function compareReference(where: string, reference: string, accepted: JsonSchema, seen: string[]): void {
  // Pulumi's own type, which its engine describes by a digest.
  if (reference === "pulumi.json#/Asset") {
    assert.deepEqual(accepted.node.required, ["hash"], where);
    return;
  }
  const type = schema.types[reference.replace("#/types/", "")];
  assert.ok(type, reference);
  if (type.type === "string") {
    assert.deepEqual(
      type.enum.map(({ value }) => value),
      accepted.node.enum,
      where,
    );
  } else if (!seen.includes(reference)) {
    const node = accepted.node as { properties?: object; required?: string[] };
    assert.deepEqual(Object.keys(type.properties).sort(), Object.keys(node.properties ?? {}).sort(), where);
    assert.deepEqual([...type.required].sort(), [...(node.required ?? [])].sort(), `required of ${where}`);
    for (const [name, property] of Object.entries(type.properties))
      compareProperty(`${where}.${name}`, property, resolve(accepted, [name]), [...seen, reference]);
  }
}
