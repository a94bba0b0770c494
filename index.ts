import * as pulumi from "./pulumi.ts";
import { parseConfiguration } from "./stacks/configuration.ts";
import { createMachines } from "./stacks/machines.ts";
import { configurationObject } from "./stacks/settings.ts";
import { createStreams } from "./stacks/streams.ts";

const configuration = parseConfiguration(configurationObject(pulumi.allConfig()), pulumi.getStack());
const created = createMachines(configuration);
const streams = createStreams(configuration, created);

/** Addresses and roles of the machines, by name. */
export const machines = Object.fromEntries(
  created.all.map(({ name, address, address6, roles }) => [name, { address, address6, roles }]),
);
/** What the gate of each stream says of its checks. */
export const gates = Object.fromEntries(
  Object.entries(streams.gates).flatMap(([name, gate]) => (gate === undefined ? [] : [[name, gate.summary]])),
);
/** What a client of the cluster needs; empty without a cluster. */
export const kubeconfig = pulumi.secret(streams.kubeconfig ?? "");
/** The certificate authority of alpha, certificate and key in PEM, to be saved; empty without alpha. */
export const authorityBackup = pulumi.secret(streams.authorityBackup ?? "");
