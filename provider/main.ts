import * as grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import packageFile from "../package.json" with { type: "json" };
import { Deployment } from "./deployment/deployment.ts";
import { engineMessages } from "./engineLog.ts";
import { FormattedResource } from "./resources/formattedResource.ts";
import { GateResource } from "./resources/gate.ts";
import { HostStateResource } from "./resources/hostState.ts";
import { LabMachineResource } from "./resources/labMachine.ts";
import { LabNetworkResource } from "./resources/labNetwork.ts";
import { providerService } from "./server.ts";

/** The provider process: the engine starts it with its own address and reads the port from the first line. */
const address = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
const deployment = new Deployment(engineMessages(address));

const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(
  providerGrpc.ResourceProviderService as grpc.ServiceDefinition,
  providerService({
    version: packageFile.version,
    resources: {
      HostState: new FormattedResource(new HostStateResource(deployment)),
      Gate: new FormattedResource(new GateResource(deployment)),
      LabNetwork: new FormattedResource(new LabNetworkResource(deployment)),
      LabMachine: new FormattedResource(new LabMachineResource(deployment)),
    },
    cancel: () => deployment.cancel(),
  }),
);

server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});

/** An engine that was killed says nothing: without it the leases must not be renewed any longer. */
const engine = process.ppid;
setInterval(() => {
  if (process.ppid !== engine) end();
}, 500).unref();

/** The engine signals the whole group when it is done: leases are given back and connections end. */
let closing = false;
function end(): void {
  if (closing) return;
  closing = true;
  deployment.close().finally(() => process.exit(0));
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, end);
