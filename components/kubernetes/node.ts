import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { familyOf, network } from "../../provider/index.ts";
import type { Machine } from "../machine.ts";
import type { ArtifactCatalogue, CgroupDriver } from "../runtime/index.ts";

/** What every node of one cluster shares. */
export interface ClusterSettingsArgs {
  /** Networks in CIDR form from which the machines of the cluster, and those who use its API, come. At least one. */
  nodeNetworks: string[];
  /** IPv4 network of all pods in CIDR form, /8 to /23; each machine has a /24 of it. Default `10.244.0.0/16`. */
  podSubnet?: string;
  /** IPv4 network of Services in CIDR form, /12 to /24. Default `10.96.0.0/16`. */
  serviceSubnet?: string;
  /** Domain of the cluster's own names. Default `cluster.local`. */
  dnsDomain?: string;
  /** Who makes containers' cgroups; the same as the container runtime's. Default `systemd`. */
  cgroupDriver?: CgroupDriver;
  /** Run on a host whose memory controller is cgroup v1, which Kubernetes no longer supports. Default false. */
  allowCgroupV1?: boolean;
  /** Run on machines with swap. Default false: a machine with swap is refused before anything is changed. */
  allowSwap?: boolean;
  /**
   * Set kernel settings that all containers of a host share (`vm.*`, `kernel.*`, `fs.*`). Default true; false where
   * machines are containers themselves, and their host has these settings.
   */
  kernelSysctls?: boolean;
  /** kubeadm's preflight errors that are no obstacle here, by name, such as `SystemVerification`. Default: none. */
  ignorePreflightErrors?: string[];
  /** Where programs come from. Default: their publishers, at the versions and digests of the table of versions. */
  artifacts?: ArtifactCatalogue;
}

/** What a single node is told beside that. */
export interface NodeArgs extends ClusterSettingsArgs {
  machine: Machine;
  /** The stream it belongs to, for messages and reports. Default: the component's name. */
  stream?: string;
  /** What must be there first: gates of earlier streams, the machine's pod network. */
  after?: pulumi.Input<pulumi.Resource>[];
  /** Reasons by check name, for checks that cannot pass here. */
  waivers?: Record<string, string>;
}

const ipv4Network = (shortest: number, longest: number) =>
  network.refine(
    (value) => {
      const length = Number(value.split("/")[1]);
      return familyOf(value) === 4 && length >= shortest && length <= longest;
    },
    { error: `must be an IPv4 network of /${shortest} to /${longest} such as \`10.244.0.0/16\`` },
  );

/** A node's plain settings with their defaults. */
export const clusterSettingsSchema = z.object({
  nodeNetworks: z.array(network).min(1, { error: "must name at least one network" }),
  podSubnet: ipv4Network(8, 23).default("10.244.0.0/16"),
  serviceSubnet: ipv4Network(12, 24).default("10.96.0.0/16"),
  dnsDomain: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, { error: "must be a DNS domain" })
    .default("cluster.local"),
  cgroupDriver: z
    .enum(["systemd", "cgroupfs"], { error: "must be `systemd` or `cgroupfs`" })
    .default("systemd"),
  allowCgroupV1: z.boolean().default(false),
  allowSwap: z.boolean().default(false),
  kernelSysctls: z.boolean().default(true),
  ignorePreflightErrors: z
    .array(z.string().regex(/^[A-Za-z0-9-]+$/, { error: "must be the name of a preflight check" }))
    .default([]),
});

export type ClusterSettings = z.infer<typeof clusterSettingsSchema>;
