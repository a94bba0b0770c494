import { z } from "zod";
import { labReleases } from "../../lab/spec.ts";

/** A bridge with NAT and an artifact server for the lab machines of one stack. */
export interface LabNetworkSpec {
  /** Stack's name: bridge, table, cgroups and folders carry it. */
  name: string;
  /** IPv4 network in CIDR form; its first address is the bridge. */
  subnet: string;
  /** IPv6 network in CIDR form. */
  subnet6: string;
  /** Folder that the artifact server shows to the machines. */
  artifactFolder: string;
  /** TCP port of the artifact server on the bridge. */
  artifactPort: number;
}

/** What is known of a lab network once it is there. */
export interface LabNetworkOutputs {
  /** Name of the bridge on this computer. */
  bridge: string;
  /** IPv4 address of the bridge. */
  gateway: string;
  /** IPv6 address of the bridge. */
  gateway6: string;
  /** Address of the artifact server, without trailing slash. */
  artifactUrl: string;
  /** What the last read found missing. */
  missing: string[];
}

/** A lab machine: a real Debian in a container of its own with its own disk. */
export interface LabMachineSpec {
  /** The network it stands in. */
  network: LabNetworkSpec;
  /** Name within the network, and host name. */
  name: string;
  /** IPv4 address of the network's subnet. */
  address: string;
  /** IPv6 address of the network's second subnet. */
  address6: string;
  /** Size of its disk. */
  diskGiB: number;
  /** Debian release. */
  release: "bookworm" | "trixie";
  /** Path of the private key of its root login on this computer; the public key lies beside it as `.pub`. */
  privateKeyFile: string;
  /** What it is for; listed with the machine. */
  roles: string[];
}

/** What is known of a lab machine once it runs. */
export interface LabMachineOutputs {
  /** IPv4 address. */
  address: string;
  /** IPv6 address. */
  address6: string;
  /** Its /etc/machine-id. */
  machineId: string;
  /** Its public host key, `ssh-ed25519 AAAA…`. */
  hostKey: string;
  /** `running`, or what the last read found. */
  state: "running" | "stopped" | "absent";
}

const networkSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,9}$/),
  subnet: z.string(),
  subnet6: z.string(),
  artifactFolder: z.string().startsWith("/"),
  artifactPort: z.number().int().min(1024).max(65535),
});

export const labNetworkSchema: z.ZodType<LabNetworkSpec> = networkSchema;

export const labMachineSchema: z.ZodType<LabMachineSpec> = z.strictObject({
  network: networkSchema,
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
  address: z.string(),
  address6: z.string(),
  diskGiB: z.number().min(1).max(1024),
  release: z.enum(labReleases),
  privateKeyFile: z.string().startsWith("/"),
  roles: z.array(z.string()),
});
