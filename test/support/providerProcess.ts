import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { Properties } from "../../provider/resources/resource.ts";

export type Struct = ReturnType<typeof structProto.Struct.fromJavaScript>;

/** Properties as they travel. */
export const struct = (properties: Properties): Struct =>
  structProto.Struct.fromJavaScript(properties as Parameters<typeof structProto.Struct.fromJavaScript>[0]);

/** Properties as they arrived. */
export const plain = (value: Struct | undefined): Properties => (value?.toJavaScript() ?? {}) as Properties;

/** A client of a provider's service on this computer, with promises for answers. */
export class ProviderClient {
  readonly #client: grpc.Client;

  constructor(port: number) {
    this.#client = new providerGrpc.ResourceProviderClient(
      `127.0.0.1:${port}`,
      grpc.credentials.createInsecure(),
    ) as unknown as grpc.Client;
  }

  ask<Answer>(method: string, request: unknown): Promise<Answer> {
    const methods = this.#client as unknown as Record<
      string,
      (request: unknown, reply: (error: grpc.ServiceError | null, answer: Answer) => void) => void
    >;
    return new Promise((resolve, reject) => {
      methods[method]?.call(this.#client, request, (error, answer) =>
        error ? reject(error) : resolve(answer),
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** The provider as the engine starts it. */
export interface ProviderProcess {
  client: ProviderClient;
  /** Process number. */
  pid: number;
  /** What it wrote first: its port. */
  firstLine: string;
  /** Ends it as the engine does, and returns its exit code. */
  end(): Promise<number | null>;
}

export async function startProvider(): Promise<ProviderProcess> {
  const file = new URL("../../provider/pulumi-resource-groundwork", import.meta.url).pathname;
  const child: ChildProcess = spawn(file, [], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
  const firstLine = await new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the provider ended with ${code}`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", resolve);
  });
  const client = new ProviderClient(Number(firstLine));
  return {
    client,
    pid: child.pid ?? 0,
    firstLine,
    end: () => {
      client.close();
      child.kill("SIGTERM");
      return ended;
    },
  };
}
