import * as grpc from "@grpc/grpc-js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import anyProto from "google-protobuf/google/protobuf/any_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { Properties } from "./resources/resource.ts";

/** The operation failed and left something behind that the state must know of. */
export class PartialFailure extends Error {
  readonly id: string;
  readonly outputs: Properties;
  readonly inputs: Properties;

  constructor(cause: Error, id: string, inputs: Properties, outputs: Properties) {
    super(cause.message, { cause });
    this.id = id;
    this.inputs = inputs;
    this.outputs = outputs;
  }
}

type Fields = Parameters<typeof structProto.Struct.fromJavaScript>[0];

/** The engine reads the partial state from the status details: pulumirpc.ErrorResourceInitFailed. */
export function partialFailureStatus(failure: PartialFailure): Partial<grpc.StatusObject> {
  const detail = new proto.ErrorResourceInitFailed();
  detail.setId(failure.id);
  detail.setProperties(structProto.Struct.fromJavaScript(failure.outputs as Fields));
  detail.setInputs(structProto.Struct.fromJavaScript(failure.inputs as Fields));
  detail.setReasonsList([failure.message]);
  detail.setRefreshBeforeUpdate(true);
  const any = new anyProto.Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new statusProto.Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(failure.message);
  status.addDetails(any);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: failure.message, metadata };
}
