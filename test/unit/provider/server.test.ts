import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import * as grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { GroundworkError } from "../../../errors/index.ts";
import { PartialFailure } from "../../../provider/partialFailure.ts";
import type { Properties, ResourceType } from "../../../provider/resources/resource.ts";
import { providerService } from "../../../provider/server.ts";
import { secret, unknown } from "../../../provider/wire.ts";
import { hostKeyOf } from "../../support/hostKey.ts";
import {
  ProviderClient,
  type ProviderProcess,
  plain,
  type Struct,
  startProvider,
  struct,
} from "../../support/providerProcess.ts";
import { connection as small } from "./smallSpec.ts";

const connection = { ...small } as unknown as Properties;
const urnOf = (type: string, name = "it"): string =>
  `urn:pulumi:dev::groundwork::groundwork:index:${type}::${name}`;

function checkRequest(type: string, news: Properties): InstanceType<typeof proto.CheckRequest> {
  const request = new proto.CheckRequest();
  request.setUrn(urnOf(type));
  request.setNews(struct(news));
  return request;
}

function diffRequest(type: string, old: { inputs: Properties; outputs: Properties }, news: Properties) {
  const request = new proto.DiffRequest();
  request.setUrn(urnOf(type));
  request.setOldInputs(struct(old.inputs));
  request.setOlds(struct(old.outputs));
  request.setNews(struct(news));
  return request;
}

/** Path of each change with its kind and whether the program, not the machine, brought it. */
function detailed(answer: InstanceType<typeof proto.DiffResponse>): Record<string, [number, boolean]> {
  const found: Record<string, [number, boolean]> = {};
  answer.getDetaileddiffMap().forEach((entry, path) => {
    found[path] = [entry.getKind(), entry.getInputdiff()];
  });
  return found;
}

const { Kind } = proto.PropertyDiff;
const { DiffChanges } = proto.DiffResponse;

describe("the provider's process", () => {
  let provider: ProviderProcess;
  let client: ProviderClient;

  before(async () => {
    provider = await startProvider();
    client = provider.client;
    assert.match(provider.firstLine, /^\d+$/, "its first line is the port");
  });

  after(async () => {
    assert.equal(await provider.end(), 0, "it ends by itself when it is told to");
  });

  it("greets the engine: secrets are accepted, previews are answered", async () => {
    const hello = await client.ask<InstanceType<typeof proto.ProviderHandshakeResponse>>(
      "handshake",
      new proto.ProviderHandshakeRequest(),
    );
    assert.equal(hello.getAcceptSecrets(), true);
    const configured = await client.ask<InstanceType<typeof proto.ConfigureResponse>>(
      "configure",
      new proto.ConfigureRequest(),
    );
    assert.equal(configured.getAcceptsecrets(), true);
    assert.equal(configured.getSupportspreview(), true);
  });

  it("says its version and its schema", async () => {
    const info = await client.ask<{ getVersion(): string }>("getPluginInfo", new emptyProto.Empty());
    const { version } = JSON.parse(
      readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
    ) as { version: string };
    assert.equal(info.getVersion(), version);
    const answer = await client.ask<InstanceType<typeof proto.GetSchemaResponse>>(
      "getSchema",
      new proto.GetSchemaRequest(),
    );
    assert.equal(
      answer.getSchema(),
      readFileSync(new URL("../../../provider/schema.json", import.meta.url), "utf8"),
    );
  });

  it("checks inputs, gives them back as they came, secrets wrapped, and names what is wrong", async () => {
    const inputs: Properties = {
      connection,
      stream: "alpha",
      items: [{ kind: "file", path: "/etc/a", content: secret("hush") }],
    };
    const good = await client.ask<InstanceType<typeof proto.CheckResponse>>(
      "check",
      checkRequest("HostState", inputs),
    );
    assert.deepEqual(plain(good.getInputs() as Struct), inputs);
    assert.deepEqual(good.getFailuresList(), []);
    const bad = await client.ask<InstanceType<typeof proto.CheckResponse>>(
      "check",
      checkRequest("HostState", { ...inputs, items: [{ kind: "file", path: "a", content: "" }] }),
    );
    assert.deepEqual(
      bad.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()]),
      [["items[0].path", 'must be an absolute path (it is "a")']],
    );
  });

  it("tells each changed field, what the machine shows, and a machine that is another one", async () => {
    const before = {
      connection,
      stream: "alpha",
      items: [
        { kind: "file", path: "/etc/a", content: "one" },
        { kind: "file", path: "/etc/b", content: "x" },
      ],
    };
    const outputs = { machineId: "1", generation: "g", drift: [] };
    const diff = (more: Properties, seen: Properties = {}) =>
      client.ask<InstanceType<typeof proto.DiffResponse>>(
        "diff",
        diffRequest(
          "HostState",
          { inputs: before, outputs: { ...outputs, ...seen } },
          { ...before, ...more },
        ),
      );

    const same = await diff({});
    assert.equal(same.getChanges(), DiffChanges.DIFF_NONE);
    assert.deepEqual(detailed(same), {});

    const changed = await diff({
      items: [
        { kind: "file", path: "/etc/a", content: "two", mode: "0600" },
        { kind: "sysctl", name: "net.a", value: "1" },
      ],
    });
    assert.equal(changed.getChanges(), DiffChanges.DIFF_SOME);
    assert.equal(changed.getHasdetaileddiff(), true);
    assert.deepEqual(changed.getDiffsList(), ["items"]);
    assert.deepEqual(detailed(changed), {
      "items[0].content": [Kind.UPDATE, true],
      "items[0].mode": [Kind.ADD, true],
      "items[1]": [Kind.UPDATE, true],
    });

    const drifted = await diff({}, { drift: [{ item: "file:/etc/a", observed: "absent", desired: "file" }] });
    assert.deepEqual(detailed(drifted), { "drift[0]": [Kind.DELETE, false] });
    const unreached = await diff({}, { unreachable: "GW201" });
    assert.deepEqual(detailed(unreached), { unreachable: [Kind.DELETE, false] });

    for (const other of [
      await diff({ connection: { ...connection, hostKey: hostKeyOf("another") } }),
      await diff({}, { foundMachineId: "2" }),
    ]) {
      assert.deepEqual(other.getReplacesList(), ["connection.hostKey"]);
      assert.equal(other.getDeletebeforereplace(), true);
      assert.equal(detailed(other)["connection.hostKey"]?.[0], Kind.UPDATE_REPLACE);
    }
    const moved = await diff({ connection: { ...connection, address: "192.0.2.2", port: 2222 } });
    assert.deepEqual(moved.getReplacesList(), []);
    assert.deepEqual(detailed(moved), {
      "connection.address": [Kind.UPDATE, true],
      "connection.port": [Kind.ADD, true],
    });
  });

  it("answers a preview of a create with unknown outputs, and asks no machine", async () => {
    const request = new proto.CreateRequest();
    request.setUrn(urnOf("HostState"));
    request.setPreview(true);
    request.setProperties(struct({ connection: unknown, stream: "alpha", items: [] }));
    const answer = await client.ask<InstanceType<typeof proto.CreateResponse>>("create", request);
    const outputs = plain(answer.getProperties() as Struct);
    assert.equal(outputs.generation, unknown);
    assert.deepEqual(outputs.secretFacts, secret(unknown));
    assert.equal(answer.getRefreshBeforeUpdate(), true);
  });

  it("refuses the methods that it does not serve, by their status", async () => {
    for (const method of ["invoke", "construct", "call", "parameterize", "getMappings"]) {
      const request = method === "construct" ? new proto.ConstructRequest() : emptyRequestOf(method);
      await assert.rejects(client.ask(method, request), { code: grpc.status.UNIMPLEMENTED }, method);
    }
  });

  it("takes the engine's cancellation when nothing runs", async () => {
    await client.ask("cancel", new emptyProto.Empty());
  });
});

function emptyRequestOf(method: string): unknown {
  const requests: Record<string, unknown> = {
    invoke: new proto.InvokeRequest(),
    call: new proto.CallRequest(),
    parameterize: new proto.ParameterizeRequest(),
    getMappings: new proto.GetMappingsRequest(),
  };
  return requests[method];
}

describe("the service over gRPC", () => {
  const server = new grpc.Server();
  let client: ProviderClient;
  let failure: Error | undefined;
  let cancelled = 0;
  const seen: { method: string; inputs?: Properties; outputs?: Properties; timeout?: number }[] = [];

  /** A resource that lives nowhere: it answers with what it is asked, or fails as it is told. */
  const echo: ResourceType = {
    check: () => [],
    diff: () => ({ changes: [], replaces: [] }),
    async create(call, inputs) {
      seen.push({ method: "create", inputs, timeout: call.timeout });
      if (failure !== undefined) throw failure;
      return { id: "id", outputs: { ...inputs, absent: undefined as never } };
    },
    async update(_call, _id, old, inputs) {
      seen.push({ method: "update", inputs: old.inputs, outputs: old.outputs });
      return inputs;
    },
    async read(_call, _id, state) {
      seen.push({ method: "read", ...state });
      return state.outputs.gone === true ? undefined : state.outputs;
    },
    async delete(call, _id, state) {
      seen.push({ method: "delete", ...state, timeout: call.timeout });
    },
  };

  before(async () => {
    const parts = {
      version: "1.2.3",
      resources: { Echo: echo },
      cancel: async () => {
        cancelled += 1;
      },
    };
    server.addService(providerGrpc.ResourceProviderService as grpc.ServiceDefinition, providerService(parts));
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    client = new ProviderClient(port);
  });

  after(() => {
    client.close();
    server.forceShutdown();
  });

  const create = (properties: Properties = {}) => {
    const request = new proto.CreateRequest();
    request.setUrn(urnOf("Echo"));
    request.setTimeout(7);
    request.setProperties(struct(properties));
    return client.ask<InstanceType<typeof proto.CreateResponse>>("create", request);
  };

  /** Creates and returns the error that comes back. */
  async function createFailing(error: Error): Promise<grpc.ServiceError> {
    failure = error;
    try {
      return await create().then(
        () => assert.fail("it did not fail"),
        (refused: unknown) => refused as grpc.ServiceError,
      );
    } finally {
      failure = undefined;
    }
  }

  it("asks for a refresh before every update: after create, update and read", async () => {
    const created = await create({ a: 1, hidden: secret("x") });
    assert.equal(created.getRefreshBeforeUpdate(), true);
    assert.deepEqual(plain(created.getProperties() as Struct), { a: 1, hidden: secret("x") });

    const update = new proto.UpdateRequest();
    update.setUrn(urnOf("Echo"));
    update.setOldInputs(struct({ a: 1 }));
    update.setOlds(struct({ b: 1 }));
    update.setNews(struct({ a: 2 }));
    const updated = await client.ask<InstanceType<typeof proto.UpdateResponse>>("update", update);
    assert.equal(updated.getRefreshBeforeUpdate(), true);
    assert.deepEqual(seen.at(-1), { method: "update", inputs: { a: 1 }, outputs: { b: 1 } });

    const read = new proto.ReadRequest();
    read.setUrn(urnOf("Echo"));
    read.setId("id");
    read.setInputs(struct({ a: 2 }));
    read.setProperties(struct({ b: 2 }));
    const answer = await client.ask<InstanceType<typeof proto.ReadResponse>>("read", read);
    assert.equal(answer.getRefreshBeforeUpdate(), true);
    assert.equal(answer.getId(), "id");
    assert.deepEqual(plain(answer.getInputs() as Struct), { a: 2 });
    assert.deepEqual(plain(answer.getProperties() as Struct), { b: 2 });
  });

  it("says that a resource is gone by an answer without an id", async () => {
    const read = new proto.ReadRequest();
    read.setUrn(urnOf("Echo"));
    read.setId("id");
    read.setProperties(struct({ gone: true }));
    const answer = await client.ask<InstanceType<typeof proto.ReadResponse>>("read", read);
    assert.equal(answer.getId(), "");
  });

  it("hands the old inputs and the user's time limit to a delete", async () => {
    const request = new proto.DeleteRequest();
    request.setUrn(urnOf("Echo"));
    request.setTimeout(9);
    request.setOldInputs(struct({ a: 2 }));
    request.setProperties(struct({ b: 2 }));
    await client.ask("delete", request);
    assert.deepEqual(seen.at(-1), { method: "delete", inputs: { a: 2 }, outputs: { b: 2 }, timeout: 9 });
  });

  it("finds the type in the URN of a child of a component", async () => {
    const request = new proto.CheckRequest();
    request.setUrn("urn:pulumi:dev::p::groundwork:index:Alpha$groundwork:index:Echo::x");
    request.setNews(struct({}));
    await client.ask("check", request);
    request.setUrn(urnOf("Nothing"));
    await assert.rejects(client.ask("check", request), /no resource type Nothing/);
  });

  it("gives an error that a person can act on as one message without a stack", async () => {
    const error = new GroundworkError("GW201", { what: "nobody answers", where: "m1" });
    const refused = await createFailing(error);
    assert.equal(refused.code, grpc.status.UNKNOWN);
    assert.equal(refused.details, error.message);
    assert.doesNotMatch(refused.details, /\n\s+at /);
  });

  it("gives a defect of its own with the stack, for whoever mends it", async () => {
    const refused = await createFailing(new TypeError("x is not a function"));
    assert.equal(refused.code, grpc.status.INTERNAL);
    assert.match(refused.details, /x is not a function\n\s+at /);
  });

  it("gives what a failed operation left behind as the engine's own partial state", async () => {
    const cause = new GroundworkError("GW302", { what: "it did not go back", where: "m1" });
    const partial = new PartialFailure(cause, "unknown/it", { a: secret("x") }, { machineId: "" });
    const refused = await createFailing(partial);
    assert.equal(refused.details, cause.message);
    const [bytes] = refused.metadata.get("grpc-status-details-bin");
    const status = statusProto.Status.deserializeBinary(bytes as Buffer);
    const [detail] = status.getDetailsList();
    assert.equal(detail?.getTypeName(), "pulumirpc.ErrorResourceInitFailed");
    const state = proto.ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() ?? Buffer.of());
    assert.equal(state.getId(), "unknown/it");
    assert.deepEqual(plain(state.getInputs() as Struct), { a: secret("x") });
    assert.deepEqual(plain(state.getProperties() as Struct), { machineId: "" });
    assert.deepEqual(state.getReasonsList(), [cause.message]);
    assert.ok(state.getRefreshBeforeUpdate(), "the next operation looks at the machine first");
  });

  it("passes a cancellation on", async () => {
    await client.ask("cancel", new emptyProto.Empty());
    assert.equal(cancelled, 1);
  });
});
