import { z } from "zod";
import { type ClusterSettingsArgs, clusterSettings } from "../../components/settings.ts";
import { bridgeSubnetRule, isBridgeSubnet } from "../../lab/spec.ts";

/** Address ranges; none may overlap another, but machines may come from the lab's. */
export interface NetworkSettings extends Required<Pick<ClusterSettingsArgs, "podSubnet" | "serviceSubnet">> {
  /** IPv4 range of the lab's bridge, CIDR. Default `10.77.0.0/24`. */
  subnet: string;
  /** IPv6 range of the lab's bridge, CIDR. Default `fd77::/64`. */
  subnet6: string;
  /**
   * Networks in CIDR form from which the machines come, IPv4 or IPv6. Default: the lab's, and every existing machine's
   * own address; giving it keeps the others as they are when a machine comes or goes.
   */
  machineNetworks?: string[];
  /** TCP port of the lab's artifact server on its bridge, 1024 to 65535. Default 8077. */
  artifactPort: number;
}

const bridgeSubnet = (family: 4 | 6) =>
  z.string().refine((text) => isBridgeSubnet(text, family), { error: `must be ${bridgeSubnetRule(family)}` });

export const network = z
  .strictObject({
    subnet: bridgeSubnet(4).default("10.77.0.0/24"),
    subnet6: bridgeSubnet(6).default("fd77::/64"),
    podSubnet: clusterSettings.shape.podSubnet,
    serviceSubnet: clusterSettings.shape.serviceSubnet,
    machineNetworks: clusterSettings.shape.nodeNetworks.optional(),
    artifactPort: z.number().int().min(1024).max(65535).default(8077),
  })
  .meta({ id: "NetworkSettings" }) satisfies z.ZodType<NetworkSettings>;
