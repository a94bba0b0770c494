import type { z } from "zod";
import packageFile from "../../package.json" with { type: "json" };
import { type Item, itemKinds } from "../items/index.ts";
import { gateSchema } from "../resources/gateSpec.ts";
import { hostStateSchema } from "../resources/hostStateSpec.ts";
import { labMachineSchema, labNetworkSchema } from "../resources/labSpec.ts";
import {
  type Declaration,
  type DeclaredType,
  fieldsOf,
  readClasses,
  readInterfaces,
} from "./declarations.ts";
import { type JsonSchema, jsonSchemaOf, resolve } from "./jsonSchema.ts";

/** A property of Pulumi's package schema. Source: Pulumi package metaschema, `propertySpec`. */
export interface PropertySpec {
  description?: string;
  type?: string;
  $ref?: string;
  const?: string;
  items?: PropertySpec;
  additionalProperties?: PropertySpec;
  oneOf?: PropertySpec[];
  discriminator?: { propertyName: string; mapping: Record<string, string> };
  secret?: boolean;
}

/** An object type of the package schema. */
export interface ObjectSpec {
  description: string;
  type: "object";
  properties: Record<string, PropertySpec>;
  required: string[];
}

/** A choice of texts. */
export interface EnumSpec {
  description: string;
  type: "string";
  enum: { value: string }[];
}

/** A resource of the package schema. */
export interface ResourceSpec {
  description: string;
  properties: Record<string, PropertySpec>;
  required: string[];
  inputProperties: Record<string, PropertySpec>;
  requiredInputs: string[];
}

/** Pulumi's package schema. */
export interface PackageSpec {
  name: string;
  version: string;
  types: Record<string, ObjectSpec | EnumSpec>;
  resources: Record<string, ResourceSpec>;
}

interface ResourceSource {
  /** Interface of the inputs, whose docstrings are the descriptions. */
  inputs: string;
  outputs: string;
  /** What the provider accepts. */
  schema: z.ZodType;
  /** File with the class that programs use; its docstring is the resource's. */
  sdk: string;
}

/** Where each resource is described. */
export const resourceSources: Record<string, ResourceSource> = {
  HostState: {
    inputs: "HostStateInputs",
    outputs: "HostStateOutputs",
    schema: hostStateSchema,
    sdk: "sdk/hostState.ts",
  },
  Gate: { inputs: "GateSpec", outputs: "GateOutputs", schema: gateSchema, sdk: "sdk/gate.ts" },
  LabNetwork: {
    inputs: "LabNetworkSpec",
    outputs: "LabNetworkOutputs",
    schema: labNetworkSchema,
    sdk: "sdk/lab.ts",
  },
  LabMachine: {
    inputs: "LabMachineSpec",
    outputs: "LabMachineOutputs",
    schema: labMachineSchema,
    sdk: "sdk/lab.ts",
  },
};

const providerFile = (name: string): URL => new URL(`../${name}`, import.meta.url);

/** Every interface that a contract is made of. */
export function contractInterfaces(): Map<string, Declaration> {
  return readInterfaces(
    [
      "connection.ts",
      "checks/check.ts",
      "items/kind.ts",
      ...Object.keys(itemKinds).map((kind) => `items/${kind}.ts`),
      "resources/hostStateSpec.ts",
      "resources/gateSpec.ts",
      "resources/labSpec.ts",
    ].map(providerFile),
  );
}

/** The class by which programs make a resource. */
export function sdkClass(resource: string): Declaration {
  const found = readClasses(providerFile(resourceSources[resource]?.sdk ?? "")).get(resource);
  if (found === undefined) throw new Error(`there is no class ${resource}`);
  return found;
}

/** The interface of an item kind: `FileItem`. */
export function itemInterface(interfaces: Map<string, Declaration>, kind: string): string {
  const found = [...interfaces.values()].find((declaration) =>
    declaration.fields.some(
      (field) => field.name === "kind" && field.type.is === "literal" && field.type.values[0] === kind,
    ),
  );
  if (found === undefined) throw new Error(`there is no interface for items of kind ${kind}`);
  return found.name;
}

/** The schema of the whole package: shapes and descriptions from the TypeScript interfaces, whole numbers from zod. */
export function packageSchema(): PackageSpec & Record<string, unknown> {
  const writer = new TypeWriter(contractInterfaces());
  const resources = Object.fromEntries(
    Object.entries(resourceSources).map(([name, source]) => [
      `groundwork:index:${name}`,
      writer.resource(name, source),
    ]),
  );
  return {
    name: "groundwork",
    displayName: "Groundwork",
    version: packageFile.version,
    description: packageFile.description,
    license: packageFile.license,
    keywords: ["pulumi", "category/infrastructure", "kind/native"],
    meta: { moduleFormat: "(.*)" },
    config: {},
    provider: { description: "Brings machines to a desired state over SSH and runs local labs." },
    types: Object.fromEntries([...writer.types].sort(([a], [b]) => (a < b ? -1 : 1))),
    resources,
  };
}

const token = (name: string): string => `groundwork:index:${name}`;
const reference = (name: string): string => `#/types/${token(name)}`;

/** Collects the types that the resources refer to, each once. */
class TypeWriter {
  readonly types = new Map<string, ObjectSpec | EnumSpec>();
  readonly #interfaces: Map<string, Declaration>;

  constructor(interfaces: Map<string, Declaration>) {
    this.#interfaces = interfaces;
  }

  resource(name: string, source: ResourceSource): ResourceSpec {
    const inputs = this.#object(source.inputs, jsonSchemaOf(source.schema));
    const outputs = this.#object(source.outputs, undefined);
    return {
      description: sdkClass(name).description,
      properties: outputs.properties,
      required: outputs.required,
      inputProperties: inputs.properties,
      requiredInputs: inputs.required,
    };
  }

  #object(name: string, accepted: JsonSchema | undefined): ObjectSpec {
    const fields = fieldsOf(this.#interfaces, name);
    const properties = fields.map(({ name: field, description, type }) => {
      const context = { owner: name, field, description };
      return [
        field,
        {
          description: description || markOf(type),
          ...this.#property(type, accepted && resolve(accepted, [field]), context),
        },
      ];
    });
    return {
      description: this.#interfaces.get(name)?.description ?? "",
      type: "object",
      properties: Object.fromEntries(properties),
      required: fields.filter((field) => !field.optional).map((field) => field.name),
    };
  }

  #property(type: DeclaredType, accepted: JsonSchema | undefined, context: Context): PropertySpec {
    switch (type.is) {
      case "string":
      case "boolean":
        return { type: type.is, ...secretMark(context) };
      case "number":
        return { type: accepted?.node.type === "integer" ? "integer" : "number" };
      case "literal":
        return this.#choice(type.values, context);
      case "list":
        return {
          type: "array",
          items: this.#property(type.of, accepted && resolve(accepted, ["*"]), context),
        };
      case "record":
        return {
          type: "object",
          ...secretMark(context),
          additionalProperties: this.#property(type.of, accepted && resolve(accepted, ["*"]), context),
        };
      case "name":
        if (type.name === "Asset") return { $ref: "pulumi.json#/Asset" };
        return type.name === "Item" ? this.#item(accepted) : this.#reference(type.name, accepted);
    }
  }

  /** One text is the mark of a kind; several are a type of their own, named after where they stand. */
  #choice(values: string[], { owner, field, description }: Context): PropertySpec {
    if (values.length === 1) return { type: "string", const: values[0] };
    const name = `${owner.replace(/(Spec|Outputs|Item)$/, "")}${field.charAt(0).toUpperCase()}${field.slice(1)}`;
    this.types.set(token(name), { description, type: "string", enum: values.map((value) => ({ value })) });
    return { $ref: reference(name) };
  }

  #reference(name: string, accepted: JsonSchema | undefined): PropertySpec {
    if (!this.types.has(token(name))) {
      // Its place is taken first: a bastion is a connection too.
      this.types.set(token(name), { description: "", type: "object", properties: {}, required: [] });
      this.types.set(token(name), this.#object(name, accepted));
    }
    return { $ref: reference(name) };
  }

  #item(accepted: JsonSchema | undefined): PropertySpec {
    const kinds = Object.keys(itemKinds) as Item["kind"][];
    const names = kinds.map((kind) => itemInterface(this.#interfaces, kind));
    kinds.forEach((kind, index) => {
      const name = names[index] ?? "";
      this.types.set(token(name), this.#object(name, accepted && resolve(accepted, [kind])));
    });
    return {
      oneOf: names.map((name) => ({ type: "object", $ref: reference(name) })),
      discriminator: {
        propertyName: "kind",
        mapping: Object.fromEntries(kinds.map((kind, index) => [kind, reference(names[index] ?? "")])),
      },
    };
  }
}

interface Context {
  owner: string;
  field: string;
  description: string;
}

/** The field that tells the variants of a union apart needs no docstring of its own. */
function markOf(type: DeclaredType): string {
  return type.is === "literal" && type.values.length === 1 ? `Always \`${type.values[0]}\`.` : "";
}

/** Outputs that the provider always encrypts. */
function secretMark({ owner, field }: Context): { secret?: true } {
  return owner === "HostStateOutputs" && field === "secretFacts" ? { secret: true } : {};
}
