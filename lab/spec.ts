import { isIP } from "node:net";
import { GroundworkError } from "../errors/index.ts";
import { contains, firstAddress, parseSubnet } from "../foundation/subnet.ts";

/** A network of lab machines on this host: a bridge, NAT to the outside and an artifact server. */
export interface LabNetworkSpec {
  /** The stack's name, such as `dev`: 1 to 12 of `a-z 0-9 -`. Every bridge, cgroup, NAT table and folder carries it. */
  name: string;
  /** IPv4 subnet in CIDR notation; its first address is the bridge's. Must not overlap a route of this host. */
  subnet: string;
  /** IPv6 unique local subnet in CIDR notation; its first address is the bridge's. Without it: IPv4 only. */
  subnet6?: string;
  /** Folder whose files machines may fetch over HTTP. */
  artifactFolder: string;
  /** TCP port of the artifact server on the bridge's IPv4 address. */
  artifactPort: number;
}

/** What a network offers to its machines. */
export interface LabNetworkState {
  /** Name of the bridge interface. */
  bridge: string;
  /** IPv4 address of the bridge. */
  gateway: string;
  /** IPv6 address of the bridge; empty without `subnet6`. */
  gateway6: string;
  /** Base URL of the artifact folder, without a slash at its end. */
  artifactUrl: string;
}

/** Debian releases that a lab machine can run. */
export const labReleases = ["bookworm", "trixie"] as const;
export type LabRelease = (typeof labReleases)[number];

/** One lab machine. */
export interface LabMachineSpec {
  network: LabNetworkSpec;
  /** Host name within the network: 1 to 63 of `a-z 0-9 -`. */
  name: string;
  /** IPv4 address inside the network's subnet. */
  address: string;
  /** IPv6 address inside the network's `subnet6`; by default the same host number as `address`. */
  address6?: string;
  /** Size of its disk in GiB. The image file is sparse: it takes what is written. */
  diskGiB: number;
  release: LabRelease;
  /** OpenSSH public key line that may log in as root. */
  publicKey: string;
  /** For listings only. */
  roles: string[];
}

/** What a running machine is known by. */
export interface LabMachineState {
  machineId: string;
  /** `ssh-ed25519 AAAA…`, made before the first boot, so it can be pinned before first contact. */
  hostKey: string;
  address: string;
  address6: string;
  /** Process id of the machine's container on this host; changes with every start. */
  pid: number;
}

const namePattern = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** The longest network name whose bridge `gw-NAME` still is a valid interface name (15 bytes). */
export const networkNameLimit = 12;

/** Refuses a network that cannot work, before anything is touched. Errors: GW101, GW504. */
export function checkNetworkSpec(spec: LabNetworkSpec): void {
  if (!namePattern.test(spec.name)) {
    throw new GroundworkError("GW101", {
      where: "network.name",
      what: `"${spec.name}" is not made of a-z, 0-9 and inner hyphens`,
    });
  }
  if (spec.name.length > networkNameLimit) {
    throw new GroundworkError("GW504", {
      where: "network.name",
      what: `"${spec.name}" has ${spec.name.length} characters, at most ${networkNameLimit} fit an interface name`,
    });
  }
  checkSubnet("network.subnet", spec.subnet, 4);
  if (spec.subnet6 !== undefined) checkSubnet("network.subnet6", spec.subnet6, 6);
  if (!Number.isInteger(spec.artifactPort) || spec.artifactPort < 1 || spec.artifactPort > 65535) {
    throw new GroundworkError("GW101", {
      where: "network.artifactPort",
      what: `${spec.artifactPort} is not a TCP port (1 to 65535)`,
    });
  }
}

/** The smallest subnets with room for the bridge and a machine. */
const longestPrefix = { 4: 30, 6: 126 } as const;

/** Whether a text is a subnet that a bridge can have. */
export function isBridgeSubnet(text: string, family: 4 | 6): boolean {
  const subnet = parseSubnet(text);
  return subnet?.family === family && subnet.prefix <= longestPrefix[family];
}

/** What {@link isBridgeSubnet} wants, for messages. */
export const bridgeSubnetRule = (family: 4 | 6): string =>
  `an IPv${family} network in CIDR form such as ${family === 4 ? "10.77.0.0/24" : "fd77::/64"}, /${longestPrefix[family]} or larger`;

function checkSubnet(where: string, text: string, family: 4 | 6): void {
  if (!isBridgeSubnet(text, family))
    throw new GroundworkError("GW101", { where, what: `"${text}" is not ${bridgeSubnetRule(family)}` });
}

/** Refuses a machine that cannot work, before anything is touched. Errors: GW101, GW504. */
export function checkMachineSpec(spec: LabMachineSpec): void {
  checkNetworkSpec(spec.network);
  const at = `machines.${spec.name}`;
  if (!namePattern.test(spec.name) || spec.name.length > 63) {
    throw new GroundworkError("GW101", {
      where: at,
      what: `"${spec.name}" is not a host name of a-z, 0-9 and inner hyphens, at most 63 long`,
    });
  }
  checkAddress(`${at}.address`, spec.address, spec.network.subnet);
  if (spec.address6 !== undefined) {
    if (spec.network.subnet6 === undefined) {
      throw new GroundworkError("GW101", {
        where: `${at}.address6`,
        what: "the network has no subnet6",
      });
    }
    checkAddress(`${at}.address6`, spec.address6, spec.network.subnet6);
  }
  if (!Number.isFinite(spec.diskGiB) || spec.diskGiB < 1 || spec.diskGiB > 4096) {
    throw new GroundworkError("GW101", {
      where: `${at}.diskGiB`,
      what: `${spec.diskGiB} is not a size of 1 to 4096 GiB`,
    });
  }
  if (!labReleases.includes(spec.release)) {
    throw new GroundworkError("GW101", {
      where: `${at}.release`,
      what: `"${spec.release}" is not one of ${labReleases.join(", ")}`,
    });
  }
  if (!/^(ssh|ecdsa|sk)-[^\s]+ [A-Za-z0-9+/=]+( [^\n]*)?$/.test(spec.publicKey.trim())) {
    throw new GroundworkError("GW101", {
      where: `${at}.publicKey`,
      what: "it is not one OpenSSH public key line",
    });
  }
}

function checkAddress(where: string, address: string, subnetText: string): void {
  const subnet = parseSubnet(subnetText);
  if (!subnet || isIP(address) !== subnet.family || !contains(subnet, address)) {
    throw new GroundworkError("GW101", { where, what: `"${address}" does not lie in ${subnetText}` });
  }
  if (firstAddress(subnet) === address) {
    throw new GroundworkError("GW101", { where, what: `${address} is the bridge's own address` });
  }
}
