import type * as pulumi from "@pulumi/pulumi";
import type { Connection } from "../provider/index.ts";

/** Processor architecture in Go's and Debian's common words. */
export type Architecture = "amd64" | "arm64";

/**
 * A host reached over SSH. Where it comes from (lab, cloud, a rack) does not matter to what runs on it.
 */
export interface Machine {
  /** Unique name; the Kubernetes node and the host name carry it. */
  name: string;
  /** What it is for: streams choose their machines by role. */
  roles: string[];
  architecture: Architecture;
  connection: pulumi.Input<Connection>;
  /** IPv4 address in the network that the machines share. */
  address: pulumi.Input<string>;
  /** IPv6 address in the network that the machines share. */
  address6?: pulumi.Input<string>;
  /** The resource that made the machine: when it goes, what ran on it needs no restore. */
  resource?: pulumi.Resource;
}
