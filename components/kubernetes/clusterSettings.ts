import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { familyOf, network } from "../../provider/index.ts";
import type { Machine } from "../machine.ts";
import type { ArtifactCatalogue, CgroupDriver } from "../runtime/index.ts";
import type { StreamArgs } from "../stream.ts";

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
  /** Whether machines may have the memory controller of cgroup v1, which Kubernetes no longer supports. Default false. */
  allowCgroupV1?: boolean;
  /** Whether machines may have swap; else they are refused before anything is changed. Default false. */
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

/** What a server is told beside what every node is. */
export interface ServerOptions {
  /** Where clients and nodes find the API, `HOST:PORT`. Default: the first server's address and port 6443. */
  endpoint?: pulumi.Input<string>;
  /** Networks in CIDR form that may use the API besides machines and pods. Default: none. */
  apiSources?: string[];
  /** Names and addresses besides endpoint and machine that the API's certificate holds. Default: none. */
  certificateNames?: string[];
  /** Whether ordinary pods may run on servers; takes effect when a server first registers. Default false: they carry the usual taint. */
  runWorkloads?: boolean;
}

/** What a single node is told. */
export interface NodeArgs extends ClusterSettingsArgs, StreamArgs {
  machine: Machine;
  /** The stream it belongs to, for messages and reports. Default: the component's name. */
  stream?: string;
}

/** With its default, which is the example as well. */
const ipv4Network = (shortest: number, longest: number, usual: string) =>
  z
    .string()
    .refine(
      (value) => {
        const length = Number(value.split("/")[1]);
        const isNetwork = network.safeParse(value).success;
        return isNetwork && familyOf(value) === 4 && length >= shortest && length <= longest;
      },
      { error: `must be an IPv4 network of /${shortest} to /${longest} such as \`${usual}\`` },
    )
    .default(usual);

/** {@link ClusterSettingsArgs} that are plain values, and their defaults. */
export const clusterSettings = z.object({
  nodeNetworks: z.array(network).min(1, { error: "must name at least one network" }),
  podSubnet: ipv4Network(8, 23, "10.244.0.0/16"),
  serviceSubnet: ipv4Network(12, 24, "10.96.0.0/16"),
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

export type ClusterSettings = z.infer<typeof clusterSettings>;

/** Beside them {@link ServerOptions} that are plain values, and their defaults. */
export const serverSettings = clusterSettings.extend({
  apiSources: z.array(network).default([]),
  certificateNames: z
    .array(z.string().regex(/^[A-Za-z0-9.:*-]+$/, { error: "must be a DNS name or an IP address" }))
    .default([]),
  runWorkloads: z.boolean().default(false),
});
