import { z } from "zod";
import type { HostState, ItemInput } from "../../../provider/index.ts";
import { familyOf } from "../../../provider/index.ts";
import * as pulumi from "../../../pulumi.ts";
import { checkedArgs } from "../../checkedArgs.ts";
import type { Machine } from "../../machine.ts";
import { machineState } from "../../machineState.ts";
import { cniConfigurationFolder } from "../../runtime/index.ts";
import type { HostSpec, StreamArgs } from "../../stream.ts";
import { clusterSettings } from "../clusterSettings.ts";
import { widest } from "../openings.ts";
import { conflist } from "./conflist.ts";
import { checkPodSubnets, podSubnetOf } from "./podSubnet.ts";
import {
  keeper,
  keeperPath,
  keeperUnit,
  keeperUnitText,
  masqueradeTable,
  type PodPeer,
  routeLines,
  routesAreThere,
  routesFile,
  tableFile,
} from "./routes.ts";

export interface PodNetworkArgs extends StreamArgs {
  /** Machines with pods. They share a link: each reaches the others' addresses without a router. */
  machines: Machine[];
  /** Networks in CIDR form from which the machines of the cluster come. At least one. */
  nodeNetworks: string[];
  /** IPv4 network of all pods in CIDR form, /8 to /23. Default `10.244.0.0/16`. */
  podSubnet?: string;
  /**
   * Own /24 of single machines, by machine name. Default: the one whose number is the end of the machine's address,
   * so that machines that come and go never move another one's pods.
   */
  podSubnets?: Record<string, string>;
  /** The stream it belongs to, for messages and reports. Default: the component's name. */
  stream?: string;
}

/**
 * Joins the pods of all machines: a bridge on each, a route to each other's. Sources stay visible within the cluster;
 * what leaves it carries the machine's address. Needs nftables (SecurityBaseline) and the plugins of ContainerRuntime,
 * and comes before the nodes: these are Ready as soon as they are there, and leave while their network still works.
 * `spec.podCIDR` of nodes stays empty; nothing here reads it. Errors: GW101, and those of HostState.
 */
export class PodNetwork extends pulumi.ComponentResource {
  /** State of each machine, by machine name. */
  readonly hosts: Record<string, HostState>;
  /** Network of each machine's pods, by machine name. */
  readonly podSubnets: Record<string, pulumi.Output<string>>;

  constructor(name: string, args: PodNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("groundwork:index:PodNetwork", name, {}, opts);
    const settings = checkedArgs(name, settingsSchema, args);
    const peers = podPeers(args.machines, settings);
    this.podSubnets = Object.fromEntries(
      args.machines.map((machine, place) => [machine.name, peers.apply((list) => list[place]?.pods ?? "")]),
    );
    this.hosts = Object.fromEntries(
      args.machines.map((machine, place) => [
        machine.name,
        machineState(
          this,
          `${name}-${machine.name}`,
          { ...args, machine, stream: args.stream ?? name },
          networkOf(place, peers, settings),
        ),
      ]),
    );
    this.registerOutputs({ podSubnets: this.podSubnets });
  }
}

const settingsSchema = clusterSettings.pick({ nodeNetworks: true, podSubnet: true }).extend({
  podSubnets: z
    .record(
      z.string(),
      z.string().regex(/^\d+\.\d+\.\d+\.0\/24$/, { error: "must be a /24 such as `10.244.7.0/24`" }),
    )
    .default({}),
});

type Settings = z.infer<typeof settingsSchema>;

/** Address and pods of each machine, in the machines' order. @throws GW101 where two have the same pods */
function podPeers(machines: Machine[], settings: Settings): pulumi.Output<PodPeer[]> {
  const peersAt = (addresses: string[]): PodPeer[] => {
    const peers = machines.map((machine, place): [string, PodPeer] => {
      const address = addresses[place] ?? "";
      const pods = settings.podSubnets[machine.name] ?? podSubnetOf(address, settings.podSubnet);
      return [machine.name, { address, pods }];
    });
    checkPodSubnets(Object.fromEntries(peers.map(([machine, peer]) => [machine, peer.pods])));
    return peers.map(([, peer]) => peer);
  };
  const addresses = machines.map((machine) => machine.address);
  // Plain addresses are checked at once, not when the engine gets to it.
  if (addresses.every((address) => typeof address === "string")) return pulumi.output(peersAt(addresses));
  return pulumi.all(addresses).apply(peersAt);
}

function networkOf(place: number, peers: pulumi.Output<PodPeer[]>, settings: Settings): HostSpec {
  const text = (render: (self: PodPeer, list: PodPeer[]) => string) =>
    peers.apply((list) => render(list[place] ?? { address: "", pods: "" }, list));
  const files: Record<string, pulumi.Output<string>> = {
    [`${cniConfigurationFolder}/10-groundwork.conflist`]: text((self) => conflist(self.pods)),
    [routesFile]: text((self, list) => routeLines(self.address, list)),
    [tableFile]: text((_, list) => masqueradeTable(settings.podSubnet, list)),
  };
  return {
    items: [
      ...Object.entries(files).map(([path, content]): ItemInput => ({ kind: "file", path, content })),
      { kind: "file", path: keeperPath, content: keeper, mode: "0755" },
      { kind: "unit", name: keeperUnit, content: keeperUnitText },
      {
        kind: "service",
        unit: keeperUnit,
        reloadOn: [`file:${routesFile}`, `file:${tableFile}`],
        restartOn: [`file:${keeperPath}`, `unit:${keeperUnit}`],
      },
      ...forwards(settings),
    ],
    checks: [routesAreThere],
  };
}

/** Pods reach everything; the machines, and who uses a Service by a machine's port, reach pods. */
const forwards = ({ podSubnet, nodeNetworks }: Settings): ItemInput[] => [
  { kind: "allowedForward", from: podSubnet, to: "0.0.0.0/0" },
  ...widest(nodeNetworks.filter((network) => familyOf(network) === 4)).map(
    (network): ItemInput => ({ kind: "allowedForward", from: network, to: podSubnet }),
  ),
];
