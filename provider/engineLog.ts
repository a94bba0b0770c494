import * as grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import type { Messages } from "./deployment/deployment.ts";

/** Messages through the engine's log: they stand beside the resource in the output of any Pulumi command. */
export function engineMessages(address: string | undefined): Messages {
  if (address === undefined)
    return { info: () => undefined, warning: () => undefined, status: () => undefined };
  const client = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  const send = (severity: number, text: string, urn: string | undefined, ephemeral: boolean): void => {
    const request = new engineProto.LogRequest();
    request.setSeverity(severity);
    request.setMessage(text);
    request.setUrn(urn ?? "");
    request.setEphemeral(ephemeral);
    // A lost message must not fail an operation.
    client.log(request, () => undefined);
  };
  const { INFO, WARNING } = engineProto.LogSeverity;
  return {
    info: (text, urn) => send(INFO, text, urn, false),
    warning: (text, urn) => send(WARNING, text, urn, false),
    status: (text, urn) => send(INFO, text, urn, true),
  };
}
