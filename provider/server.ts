import { readFileSync } from "node:fs";
import * as grpc from "@grpc/grpc-js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import structProto, { type Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { GroundworkError } from "../errors/index.ts";
import { PartialFailure, partialFailureStatus } from "./partialFailure.ts";
import type { Call, DiffAnswer, Properties, PropertyChange, ResourceType } from "./resources/resource.ts";

type Reply<T> = (error: grpc.ServiceError | Partial<grpc.StatusObject> | null, value?: T) => void;
type Handler<Request, Response> = (call: { request: Request }, reply: Reply<Response>) => void;

/** What the server needs beside the resources. */
export interface ServerParts {
  version: string;
  /** By type name: `HostState`. */
  resources: Record<string, ResourceType>;
  /** Called when the engine wants the running operations to end. */
  cancel(): Promise<void>;
}

/**
 * Pulumi's ResourceProvider service, served directly: pulumi.provider.main has no detailed diff and passes
 * neither old inputs nor secrets. One method each, no decision here.
 */
export function providerService(parts: ServerParts): grpc.UntypedServiceImplementation {
  const service = providerGrpc.ResourceProviderService as grpc.ServiceDefinition;
  const refused: Record<string, grpc.UntypedHandleCall> = Object.fromEntries(
    Object.keys(service).map((name) => [
      name,
      (_call: unknown, reply: Reply<never>) => reply({ code: grpc.status.UNIMPLEMENTED, details: name }),
    ]),
  );
  return { ...refused, ...handshake(parts), ...resourceMethods(parts) } as grpc.UntypedServiceImplementation;
}

function handshake(parts: ServerParts): Record<string, unknown> {
  const handler = {
    handshake: respond(() => {
      const answer = new proto.ProviderHandshakeResponse();
      answer.setAcceptSecrets(true);
      answer.setAcceptResources(false);
      answer.setAcceptOutputs(false);
      return answer;
    }),
    configure: respond(() => {
      const answer = new proto.ConfigureResponse();
      answer.setAcceptsecrets(true);
      answer.setSupportspreview(true);
      return answer;
    }),
    checkConfig: respond((request: { getNews(): Struct | undefined }) => {
      const answer = new proto.CheckResponse();
      answer.setInputs(request.getNews());
      return answer;
    }),
    diffConfig: respond(() => new proto.DiffResponse()),
    getPluginInfo: respond(() => {
      const answer = new pluginProto.PluginInfo();
      answer.setVersion(parts.version);
      return answer;
    }),
    getSchema: respond(() => {
      const answer = new proto.GetSchemaResponse();
      answer.setSchema(readFileSync(new URL("schema.json", import.meta.url), "utf8"));
      return answer;
    }),
    attach: respond(() => new emptyProto.Empty()),
    cancel: respond(async () => {
      await parts.cancel();
      return new emptyProto.Empty();
    }),
  };
  return handler;
}

function resourceMethods(parts: ServerParts): Record<string, unknown> {
  const of = (urn: string): ResourceType => {
    const type = urn.split("::")[2]?.split("$").at(-1)?.split(":").at(-1) ?? "";
    const resource = parts.resources[type];
    if (resource === undefined) throw new Error(`no resource type ${type}`);
    return resource;
  };
  return {
    check: respond((request: Message<"CheckRequest">) => {
      const inputs = toProperties(request.getNews());
      const answer = new proto.CheckResponse();
      answer.setInputs(request.getNews());
      answer.setFailuresList(of(request.getUrn()).check(request.getUrn(), inputs).map(toFailure));
      return answer;
    }),
    diff: respond(async (request: Message<"DiffRequest">) => {
      const old = { inputs: toProperties(request.getOldInputs()), outputs: toProperties(request.getOlds()) };
      const call = { urn: request.getUrn(), preview: false, timeout: 0 };
      return toDiffResponse(await of(call.urn).diff(call, old, toProperties(request.getNews())));
    }),
    create: respond(async (request: Message<"CreateRequest">) => {
      const call = callOf(request);
      const { id, outputs } = await of(call.urn).create(call, toProperties(request.getProperties()));
      const answer = new proto.CreateResponse();
      answer.setId(id);
      answer.setProperties(toStruct(outputs));
      answer.setRefreshBeforeUpdate(true);
      return answer;
    }),
    update: respond(async (request: Message<"UpdateRequest">) => {
      const call = callOf(request);
      const old = { inputs: toProperties(request.getOldInputs()), outputs: toProperties(request.getOlds()) };
      const answer = new proto.UpdateResponse();
      answer.setProperties(
        toStruct(await of(call.urn).update(call, request.getId(), old, toProperties(request.getNews()))),
      );
      answer.setRefreshBeforeUpdate(true);
      return answer;
    }),
    read: respond(async (request: Message<"ReadRequest">) => {
      const state = {
        inputs: toProperties(request.getInputs()),
        outputs: toProperties(request.getProperties()),
      };
      const call = { urn: request.getUrn(), preview: false, timeout: 0 };
      const outputs = await of(call.urn).read(call, request.getId(), state);
      const answer = new proto.ReadResponse();
      if (outputs === undefined) return answer;
      answer.setId(request.getId());
      answer.setProperties(toStruct(outputs));
      answer.setInputs(request.getInputs());
      answer.setRefreshBeforeUpdate(true);
      return answer;
    }),
    delete: respond(async (request: Message<"DeleteRequest">) => {
      const state = {
        inputs: toProperties(request.getOldInputs()),
        outputs: toProperties(request.getProperties()),
      };
      await of(request.getUrn()).delete(
        { urn: request.getUrn(), preview: false, timeout: request.getTimeout() },
        request.getId(),
        state,
      );
      return new emptyProto.Empty();
    }),
  };
}

type Message<Name extends keyof typeof proto> = (typeof proto)[Name] extends abstract new (
  ...args: never[]
) => infer Instance
  ? Instance
  : never;

/** Answers with what `handle` returns; a failure becomes one clear message without a stack. */
function respond<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): Handler<Request, Response> {
  return (call, reply) => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (value) => reply(null, value),
        (error: unknown) => reply(toStatus(error)),
      );
  };
}

function toStatus(error: unknown): Partial<grpc.StatusObject> {
  if (error instanceof PartialFailure) return partialFailureStatus(error);
  if (error instanceof GroundworkError) return { code: grpc.status.UNKNOWN, details: error.message };
  // A defect of ours: the stack helps whoever mends it.
  return {
    code: grpc.status.INTERNAL,
    details: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

function callOf(request: { getUrn(): string; getPreview(): boolean; getTimeout(): number }): Call {
  return { urn: request.getUrn(), preview: request.getPreview(), timeout: request.getTimeout() };
}

function toProperties(struct: Struct | undefined): Properties {
  return (struct?.toJavaScript() ?? {}) as Properties;
}

function toStruct(properties: Properties): Struct {
  const present = Object.entries(properties).filter(([, value]) => value !== undefined);
  return structProto.Struct.fromJavaScript(
    Object.fromEntries(present) as Parameters<typeof structProto.Struct.fromJavaScript>[0],
  );
}

function toFailure(failure: { property: string; reason: string }): InstanceType<typeof proto.CheckFailure> {
  const answer = new proto.CheckFailure();
  answer.setProperty(failure.property);
  answer.setReason(failure.reason);
  return answer;
}

function toDiffResponse(diff: DiffAnswer): InstanceType<typeof proto.DiffResponse> {
  const answer = new proto.DiffResponse();
  const { DiffChanges } = proto.DiffResponse;
  answer.setChanges(diff.changes.length === 0 ? DiffChanges.DIFF_NONE : DiffChanges.DIFF_SOME);
  answer.setDiffsList([
    ...new Set(diff.changes.map((change) => change.path.split(/[.[]/)[0] ?? change.path)),
  ]);
  answer.setReplacesList(diff.replaces);
  answer.setDeletebeforereplace(true);
  answer.setHasdetaileddiff(true);
  for (const change of diff.changes)
    answer.getDetaileddiffMap().set(change.path, toPropertyDiff(change, diff.replaces.includes(change.path)));
  return answer;
}

function toPropertyDiff(change: PropertyChange, replaces: boolean): InstanceType<typeof proto.PropertyDiff> {
  const { Kind } = proto.PropertyDiff;
  const kinds = {
    add: replaces ? Kind.ADD_REPLACE : Kind.ADD,
    delete: replaces ? Kind.DELETE_REPLACE : Kind.DELETE,
    update: replaces ? Kind.UPDATE_REPLACE : Kind.UPDATE,
  };
  const answer = new proto.PropertyDiff();
  answer.setKind(kinds[change.change]);
  answer.setInputdiff(change.drifted !== true);
  return answer;
}
