import { z } from "zod";

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

export interface LabNetworkOutputs {
  bridge: string;
  gateway: string;
  gateway6: string;
  /** Address of the artifact server, without trailing slash. */
  artifactUrl: string;
  /** What the last read found missing. */
  missing: string[];
}

/** A lab machine: a real Debian in a container of its own with its own disk. */
export interface LabMachineSpec {
  network: LabNetworkSpec;
  name: string;
  address: string;
  address6: string;
  diskGiB: number;
  release: "bookworm" | "trixie";
  /** Path of the private key of its root login on this computer; the public key lies beside it as `.pub`. */
  privateKeyFile: string;
  roles: string[];
}

export interface LabMachineOutputs {
  address: string;
  address6: string;
  machineId: string;
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
  release: z.enum(["bookworm", "trixie"]),
  privateKeyFile: z.string().startsWith("/"),
  roles: z.array(z.string()),
});
