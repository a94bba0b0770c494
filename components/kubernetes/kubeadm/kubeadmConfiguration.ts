import { createHash } from "node:crypto";
import { bundles } from "../../../versions/index.ts";
import type { ClusterSettings } from "../clusterSettings.ts";
import { ports } from "../openings.ts";
import { yamlText } from "../yamlText.ts";
import { apiServerFiles, apiServerFlags } from "./apiServerFiles.ts";
import { kubeletConfiguration } from "./kubeletFiles.ts";
import { criSocket, paths } from "./paths.ts";

const apiVersion = "kubeadm.k8s.io/v1beta4";

/** What a server is made from. */
export interface ServerSettings extends ClusterSettings {
  /** Name of the node. */
  name: string;
  /** IPv4 address of the machine. */
  address: string;
  /** Where clients find the API, `HOST:PORT`. */
  endpoint: string;
  /** Names and addresses besides endpoint and machine that the API's certificate holds. */
  certificateNames: string[];
  /** Ordinary pods may run on servers. */
  runWorkloads: boolean;
}

/** `kubeadm init --config`. Source: kubeadm v1beta4 reference */
export function initConfiguration(settings: ServerSettings): string {
  return yamlText(
    {
      apiVersion,
      kind: "InitConfiguration",
      localAPIEndpoint: { advertiseAddress: settings.address, bindPort: ports.api },
      nodeRegistration: nodeRegistration(settings, settings.runWorkloads ? { taints: [] } : {}),
      // Joiners fetch a token of their own when they need one.
      bootstrapTokens: [{ ttl: "1m0s" }],
      patches: { directory: paths.patches },
    },
    clusterConfiguration(settings),
    kubeletConfiguration(settings),
    {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: "nftables",
      // Leaves the kernel's limits as they are: a container may not change them.
      conntrack: { maxPerCore: 0, min: 0 },
    },
  );
}

function clusterConfiguration(settings: ServerSettings): object {
  return {
    apiVersion,
    kind: "ClusterConfiguration",
    clusterName: "kubernetes",
    kubernetesVersion: `v${bundles.kubernetes.version}`,
    controlPlaneEndpoint: settings.endpoint,
    networking: {
      podSubnet: settings.podSubnet,
      serviceSubnet: settings.serviceSubnet,
      dnsDomain: settings.dnsDomain,
    },
    apiServer: {
      certSANs: [
        ...new Set([settings.endpoint.replace(/:\d+$/, ""), settings.address, ...settings.certificateNames]),
      ],
      extraArgs: argumentList(apiServerFlags),
      extraVolumes: [
        volume("apiserver-files", paths.apiServerFiles, "Directory"),
        volume("encryption", paths.encryptionFolder, "Directory"),
        { ...volume("audit-log", paths.logs, "Directory"), readOnly: false },
      ],
    },
    controllerManager: {
      // Which pods a machine has follows from its address (podNetwork), so that nothing depends on the order of joins.
      extraArgs: argumentList({ "allocate-node-cidrs": "false", profiling: "false" }),
    },
    scheduler: { extraArgs: argumentList({ profiling: "false" }) },
    etcd: { local: { dataDir: paths.etcdFolder } },
  };
}

/** `kubeadm join --config` of an agent; the discovery file lives only while it joins. */
export function joinConfiguration(settings: ClusterSettings, name: string, discoveryFile: string): string {
  return yamlText({
    apiVersion,
    kind: "JoinConfiguration",
    nodeRegistration: nodeRegistration({ ...settings, name }, {}),
    discovery: { file: { kubeConfigPath: discoveryFile } },
  });
}

const nodeRegistration = (settings: ClusterSettings & { name: string }, more: object): object => ({
  name: settings.name,
  criSocket,
  imagePullPolicy: "IfNotPresent",
  ignorePreflightErrors: settings.ignorePreflightErrors,
  ...more,
});

const argumentList = (flags: Readonly<Record<string, string>>) =>
  Object.entries(flags).map(([name, value]) => ({ name, value }));

const volume = (name: string, path: string, pathType: string) => ({
  name,
  hostPath: path,
  mountPath: path,
  readOnly: true,
  pathType,
});

/** Annotation of the static pods: a change of what they were made from, files included, starts them anew. */
export const configurationAnnotation = "groundwork/configuration";

/** Digest of everything that the control plane's static pods are made from. */
export function controlPlaneDigest(settings: ServerSettings): string {
  const sources = [
    yamlText(clusterConfiguration(settings)),
    settings.address,
    JSON.stringify(apiServerFiles),
  ];
  return createHash("sha256").update(sources.join("\n")).digest("hex");
}

/** kubeadm's patches, by file name: the annotation of each static pod. */
export function controlPlanePatches(digest: string): Readonly<Record<string, string>> {
  const patch = yamlText({ metadata: { annotations: { [configurationAnnotation]: digest } } });
  const pods = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];
  return Object.fromEntries(pods.map((pod) => [`${pod}+strategic.yaml`, patch]));
}
