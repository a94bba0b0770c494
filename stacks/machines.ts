import type { Architecture, Machine } from "../components/index.ts";
import { cacheFolder } from "../foundation/cacheFolder.ts";
import { labLoginKey } from "../foundation/stateFolder.ts";
import { parseSubnet, samePlace } from "../foundation/subnet.ts";
import { type Connection, LabMachine, LabNetwork, type LabNetworkSpec } from "../provider/index.ts";
import * as pulumi from "../pulumi.ts";
import { localPath } from "./configuration/localFile.ts";
import { peerAddress } from "./configuration/peerAddress.ts";
import type {
  BastionSettings,
  Configuration,
  ExistingMachineSettings,
  LabMachineSettings,
} from "./configuration.ts";

/** The machines of a stack, and the lab's network where there is a lab. */
export interface Machines {
  all: Machine[];
  network?: LabNetwork;
}

/** Makes the machines of the lab and takes the existing ones as they are. */
export function createMachines(configuration: Configuration): Machines {
  const entries = Object.entries(configuration.machines).sort(([a], [b]) => (a < b ? -1 : 1));
  const lab = entries.some(([, machine]) => "lab" in machine) ? createNetwork(configuration) : undefined;
  const all = entries.map(([name, machine]) => {
    const address = peerAddress(name, machine, configuration.network) ?? "";
    if ("existing" in machine) return existingMachine(name, machine.existing, address);
    if (lab === undefined) throw new Error(`${name} is a lab machine without a network`);
    return labMachine(name, machine.lab, address, lab);
  });
  return { all, network: lab?.resource };
}

interface Lab {
  spec: LabNetworkSpec;
  resource: LabNetwork;
}

function createNetwork({ network }: Configuration): Lab {
  const spec: LabNetworkSpec = {
    name: pulumi.getStack(),
    subnet: network.subnet,
    subnet6: network.subnet6,
    artifactFolder: cacheFolder(),
    artifactPort: network.artifactPort,
  };
  return { spec, resource: new LabNetwork("lab", spec) };
}

function labMachine(
  name: string,
  settings: LabMachineSettings,
  address: string,
  { spec, resource }: Lab,
): Machine {
  const privateKeyFile = labLoginKey();
  const address6 = address6Of(address, spec);
  const machine = new LabMachine(
    name,
    { network: spec, name, address, address6, ...settings, privateKeyFile },
    { parent: resource, dependsOn: [resource], deletedWith: resource, deleteBeforeReplace: true },
  );
  const connection: pulumi.Output<Connection> = machine.hostKey.apply((hostKey) => ({
    name,
    address,
    user: "root",
    privateKeyFile,
    hostKey,
  }));
  return {
    name,
    roles: settings.roles,
    architecture: hostArchitecture(),
    connection,
    address,
    address6,
    resource: machine,
  };
}

/** A lab machine runs on this computer's own processor. */
function hostArchitecture(): Architecture {
  return process.arch === "arm64" ? "arm64" : "amd64";
}

/** The same place in the IPv6 network as in the IPv4 one. */
function address6Of(address: string, { subnet, subnet6 }: LabNetworkSpec): string {
  const [from, to] = [parseSubnet(subnet), parseSubnet(subnet6)];
  return from === undefined || to === undefined ? "" : samePlace(from, address, to);
}

function existingMachine(name: string, settings: ExistingMachineSettings, address: string): Machine {
  return {
    name,
    roles: settings.roles,
    architecture: settings.architecture,
    connection: {
      ...connectionOf(name, settings),
      ...(settings.bastion === undefined
        ? {}
        : { bastion: connectionOf(`${name}-bastion`, settings.bastion) }),
    },
    address,
    address6: settings.internalAddress6,
  };
}

function connectionOf(name: string, settings: BastionSettings): Connection {
  const { address, port, user, privateKeyFile, hostKey = "" } = settings;
  return {
    name,
    address,
    port,
    user,
    hostKey,
    ...(privateKeyFile === undefined ? {} : { privateKeyFile: localPath(privateKeyFile) }),
  };
}
