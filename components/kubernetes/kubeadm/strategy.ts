import type { Check, ItemInput, TicketInput } from "../../../provider/index.ts";
import * as pulumi from "../../../pulumi.ts";
import type { ProgramName } from "../../../versions/index.ts";
import type { Machine } from "../../machine.ts";
import { type ArtifactCatalogue, programItem } from "../../runtime/index.ts";
import type { HostSpec } from "../../stream.ts";
import type { ClusterSettings } from "../clusterSettings.ts";
import { kernelCanBeSet, kernelIsReady, kernelItems } from "../kernel.ts";
import { apiServerFiles } from "./apiServerFiles.ts";
import { controlPlaneItem, initialiseItem } from "./controlPlane.ts";
import { encryptionKeyItems } from "./encryptionKey.ts";
import { discoveryFile, hasJoined, issueToken, joinScript } from "./joining.ts";
import {
  controlPlaneDigest,
  controlPlanePatches,
  initConfiguration,
  joinConfiguration,
  type ServerSettings,
} from "./kubeadmConfiguration.ts";
import { kubeletDropIn, kubeletUnit, kubeletUnitDropIn } from "./kubeletFiles.ts";
import { apiServerIsReady, kubeletIsHealthy, swapIsOff } from "./nodeChecks.ts";
import { paths } from "./paths.ts";
import { nodeItem } from "./resetNode.ts";

/** Programs of a node and where they go. */
const programPaths: Partial<Record<ProgramName, string>> = {
  kubeadm: "/usr/local/bin/kubeadm",
  kubelet: "/usr/local/bin/kubelet",
  kubectl: "/usr/local/bin/kubectl",
};

/** A change of these takes effect with a restart of kubelet. */
const kubeletRestartsOn = [
  "download:/usr/local/bin/kubelet",
  "unit:kubelet.service",
  "unit:kubelet.service/10-kubeadm",
  `file:${paths.kubeletDropIns}/10-groundwork.conf`,
];

/** What a node is made of, whatever it is for. */
interface NodeParts {
  machine: Machine;
  settings: ClusterSettings;
  artifacts?: ArtifactCatalogue;
}

/** A server's settings of which some are known only when machines are there. */
export interface ServerParts extends NodeParts {
  settings: Omit<ServerSettings, "name" | "address" | "endpoint">;
  endpoint: pulumi.Input<string>;
}

export interface AgentParts extends NodeParts {
  endpoint: pulumi.Input<string>;
  /** The cluster's authority, PEM: what tells one cluster from another. */
  authority: pulumi.Input<string>;
  /** Servers that can hand out a token. */
  servers: Machine[];
}

/** The server that starts the cluster. */
export function firstServer(parts: ServerParts): HostSpec {
  return {
    guards: guards(parts.settings),
    items: [
      ...kernelItems(parts.settings.kernelSysctls),
      ...programItems(parts),
      ...stateDirectories([paths.folder, "0755"], [paths.kubeletFolder, "0750"]),
      ...stateDirectories([paths.etcdFolder, "0700"], [paths.logs, "0700"]),
      { kind: "file", path: paths.configuration, content: rendered(parts, initConfiguration), mode: "0600" },
      ...Object.entries(apiServerFiles).map(
        ([path, content]): ItemInput => ({ kind: "file", path, content }),
      ),
      ...patchItems(parts),
      ...kubeletItems(parts),
      ...encryptionKeyItems,
      nodeItem,
      initialiseItem,
      controlPlaneItem(parts.machine.name),
      { kind: "service", unit: "kubelet.service", restartOn: kubeletRestartsOn },
    ],
    checks: [apiServerIsReady, kubeletIsHealthy],
    facts: {
      kubeconfig: { file: paths.adminConfiguration, secret: true },
      authority: { file: paths.authority },
    },
  };
}

/** A machine that only runs pods. */
export function agent(parts: AgentParts): HostSpec {
  const name = parts.machine.name;
  const cluster = pulumi.output({ endpoint: parts.endpoint, authority: parts.authority });
  return {
    guards: guards(parts.settings),
    items: [
      ...kernelItems(parts.settings.kernelSysctls),
      ...programItems(parts),
      ...stateDirectories([paths.folder, "0755"], [paths.kubeletFolder, "0750"]),
      {
        kind: "file",
        path: paths.configuration,
        content: joinConfiguration(parts.settings, name, discoveryFile),
        mode: "0600",
      },
      ...kubeletItems(parts),
      nodeItem,
      {
        kind: "command",
        name: "joining the cluster",
        run: cluster.apply(({ endpoint, authority }) => joinScript(name, endpoint, authority)),
        unless: cluster.apply(({ endpoint, authority }) => hasJoined(name, endpoint, authority)),
        undo: ":\n",
        ticket: "token",
        timeLimit: 600,
      },
      { kind: "service", unit: "kubelet.service", restartOn: kubeletRestartsOn },
    ],
    checks: [kubeletIsHealthy],
    tickets: { token: tokenOf(parts.servers) },
  };
}

const guards = (settings: ClusterSettings): Check[] => [
  ...(settings.allowSwap ? [] : [swapIsOff]),
  kernelCanBeSet(settings.kernelSysctls),
  ...(settings.kernelSysctls ? [] : [kernelIsReady]),
];

const tokenOf = (servers: Machine[]): TicketInput => ({
  from: servers.map((server) => server.connection),
  issue: issueToken,
});

const programItems = ({ machine, artifacts }: NodeParts): ItemInput[] =>
  Object.entries(programPaths).map(([program, path]) =>
    programItem(program as ProgramName, path, machine, artifacts),
  );

const stateDirectories = (...folders: [path: string, mode: string][]): ItemInput[] =>
  folders.map(([path, mode]) => ({ kind: "stateDirectory", path, mode }));

const kubeletItems = ({ machine, settings }: NodeParts): ItemInput[] => [
  { kind: "file", path: `${paths.kubeletDropIns}/10-groundwork.conf`, content: kubeletDropIn(settings) },
  { kind: "unit", name: "kubelet.service", content: kubeletUnit },
  {
    kind: "unit",
    name: "kubelet.service",
    dropIn: "10-kubeadm",
    content: pulumi.output(machine.address).apply(kubeletUnitDropIn),
  },
];

const patchItems = (parts: ServerParts): ItemInput[] =>
  Object.keys(controlPlanePatches("")).map((file) => ({
    kind: "file",
    path: `${paths.patches}/${file}`,
    content: rendered(parts, (settings) => controlPlanePatches(controlPlaneDigest(settings))[file] ?? ""),
  }));

/** Renders text from a server's settings as soon as all of them are known. */
function rendered(parts: ServerParts, render: (settings: ServerSettings) => string): pulumi.Output<string> {
  const { machine, settings, endpoint } = parts;
  return pulumi
    .output({ address: machine.address, endpoint })
    .apply((known) => render({ ...settings, ...known, name: machine.name }));
}
