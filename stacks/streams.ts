import type * as pulumi from "@pulumi/pulumi";
import {
  BasicMonitoring,
  Cluster,
  ContainerRuntime,
  type Machine,
  SecurityBaseline,
} from "../components/index.ts";
import type { Gate } from "../provider/index.ts";
import { authorityBackupText, readAuthorityBackup } from "./authorityBackup.ts";
import { machineNetworks } from "./configuration/peerAddress.ts";
import { earlierStreams } from "./configuration/streams.ts";
import type { Configuration, Role, StreamName } from "./configuration.ts";
import { type LabSupplies, labSupplies } from "./labSupplies.ts";
import type { Machines } from "./machines.ts";

/** What the streams of a stack hand on. */
export interface Streams {
  /** Gates by stream name. */
  gates: Partial<Record<StreamName, Gate>>;
  /** What a client of the cluster needs; a secret. */
  kubeconfig?: pulumi.Output<string>;
  /** The certificate authority, for a time when its machine is lost; a secret. */
  authorityBackup?: pulumi.Output<string>;
}

/** Each stream behind the gates of those that go before it: see {@link earlierStreams}. */
export function createStreams(configuration: Configuration, { all, network }: Machines): Streams {
  const lab = network === undefined ? undefined : labSupplies(network.artifactUrl, configuration);
  const gates: Streams["gates"] = {};
  const after = (stream: StreamName): Gate[] => {
    const { needs, follows } = earlierStreams[stream];
    return [...needs, ...follows].flatMap((earlier) => gates[earlier] ?? []);
  };
  const alpha = createAlpha(configuration, all, after("alpha"), lab);
  gates.alpha = alpha?.gate;
  gates.bravo = createBravo(configuration, all, after("bravo"), lab)?.gate;
  gates.charlie = createCharlie(configuration, all, after("charlie"), alpha)?.gate;
  const delta = createDelta(configuration, all, after("delta"), lab);
  gates.delta = delta?.gate;
  return {
    gates,
    kubeconfig: delta?.kubeconfig,
    authorityBackup: alpha && authorityBackupText(alpha.authorityBackup),
  };
}

function createAlpha({ streams }: Configuration, all: Machine[], after: Gate[], lab?: LabSupplies) {
  const { enabled, authorityBackupFile: backup, ...settings } = streams.alpha;
  if (!enabled) return undefined;
  const authority = withRole(all, "server")[0] ?? all[0];
  return new SecurityBaseline("alpha", {
    ...settings,
    ...lab?.security,
    machines: all,
    authorityMachine: authority?.name,
    authorityBackup: backup === undefined ? undefined : readAuthorityBackup(backup),
    after,
  });
}

function createBravo({ streams }: Configuration, all: Machine[], after: Gate[], lab?: LabSupplies) {
  const { enabled, ...settings } = streams.bravo;
  if (!enabled) return undefined;
  return new ContainerRuntime("bravo", {
    ...settings,
    ...lab?.runtime(),
    machines: [...withRole(all, "server"), ...withRole(all, "agent")],
    after,
  });
}

function createCharlie({ streams }: Configuration, all: Machine[], after: Gate[], alpha?: SecurityBaseline) {
  const { enabled, waivers, ...prometheus } = streams.charlie;
  if (!enabled || alpha === undefined) return undefined;
  return new BasicMonitoring("charlie", {
    waivers,
    prometheus,
    machines: all,
    authority: alpha.authority,
    after,
  });
}

function createDelta(configuration: Configuration, all: Machine[], after: Gate[], lab?: LabSupplies) {
  const { enabled, ...settings } = configuration.streams.delta;
  const [server] = withRole(all, "server");
  if (!enabled || server === undefined) return undefined;
  const { podSubnet, serviceSubnet } = configuration.network;
  return new Cluster("delta", {
    ...settings,
    ...lab?.cluster(),
    servers: [server],
    agents: withRole(all, "agent"),
    nodeNetworks: machineNetworks(configuration.machines, configuration.network),
    podSubnet,
    serviceSubnet,
    after,
  });
}

function withRole(machines: Machine[], role: Role): Machine[] {
  return machines.filter(({ roles }) => roles.includes(role));
}
