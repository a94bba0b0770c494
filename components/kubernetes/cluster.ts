import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { CheckInput, Gate, HostState } from "../../provider/index.ts";
import { checkedArgs } from "../checkedArgs.ts";
import type { Machine } from "../machine.ts";
import { probeImage } from "../runtime/index.ts";
import { Stream, type StreamArgs } from "../stream.ts";
import {
  anonymousIsRefused,
  apiIsReady,
  etcdIsHealthy,
  kubeletsRefuseAnonymous,
  nodesAreReady,
  privilegedPodsAreRefused,
  requestsAreAudited,
  secretsAreEncrypted,
  systemPodsAreReady,
} from "./checks/clusterChecks.ts";
import { dnsResolves, podsAnswer, serviceAnswers } from "./checks/podChecks.ts";
import { type ClusterSettingsArgs, clusterSettings, type ServerOptions } from "./clusterSettings.ts";
import { KubernetesAgent } from "./kubernetesAgent.ts";
import { KubernetesServer } from "./kubernetesServer.ts";
import { membership } from "./membership.ts";
import { PodNetwork } from "./podNetwork/podNetwork.ts";

export interface ClusterArgs extends StreamArgs, ClusterSettingsArgs, ServerOptions {
  /** The machine of the control plane. */
  servers: [Machine];
  /** Machines that only run pods. Default: none. */
  agents?: Machine[];
  /** Own /24 of single machines' pods, by machine name. Default: by the machine's address. */
  podSubnets?: Record<string, string>;
  /** Image with a shell, wget, nslookup and httpd for the pods of checks. Default: busybox, by digest. */
  probeImage?: string;
}

/**
 * Delta: a Kubernetes cluster on machines that have a container runtime: pod network, server, agents, and one Gate
 * behind all of them. It opens when every declared node, and no other, is Ready by its typed condition, pods on all
 * machines answer, also through a Service and by name, and what shall be refused or encrypted is.
 * Errors: GW101, and those of its parts.
 */
export class Cluster extends Stream {
  /** Where clients find the API, `HOST:PORT`; known when the Gate is open. */
  readonly endpoint: pulumi.Output<string>;
  /** The administrator's kubeconfig, secret; known when the Gate is open. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly network: PodNetwork;
  readonly servers: [KubernetesServer, ...KubernetesServer[]];
  readonly agents: KubernetesAgent[];

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("groundwork:index:Cluster", name, args, opts);
    const settings = checkedArgs(name, settingsSchema, args);
    this.network = this.#network(name, args);
    this.servers = [this.#server(name, args)];
    this.agents = (args.agents ?? []).map((machine) => this.#agent(name, machine, args));
    this.#members();
    this.gate = this.#gate(name, this.#checks(settings));
    this.endpoint = this.behindGate(this.servers[0].endpoint);
    this.kubeconfig = this.behindGate(this.servers[0].kubeconfig);
    this.registerOutputs({ endpoint: this.endpoint, kubeconfig: this.kubeconfig, gate: this.gate });
  }

  #network(name: string, args: ClusterArgs): PodNetwork {
    const machines = [...args.servers, ...(args.agents ?? [])];
    return new PodNetwork(`${name}-network`, { ...args, machines, stream: name }, { parent: this });
  }

  #server(name: string, args: ClusterArgs): KubernetesServer {
    const machine = args.servers[0];
    return new KubernetesServer(
      `${name}-${machine.name}`,
      { ...args, machine, stream: name, after: this.#afterNetwork(machine, args) },
      { parent: this },
    );
  }

  #agent(name: string, machine: Machine, args: ClusterArgs): KubernetesAgent {
    return new KubernetesAgent(
      `${name}-${machine.name}`,
      { ...args, machine, servers: this.servers, stream: name, after: this.#afterNetwork(machine, args) },
      { parent: this },
    );
  }

  /** A node comes after its network and goes before it: its pods are taken down with the network's help. */
  #afterNetwork(machine: Machine, args: ClusterArgs): pulumi.Input<pulumi.Resource>[] {
    const network = this.network.hosts[machine.name];
    return [...(args.after ?? []), ...(network === undefined ? [] : [network])];
  }

  /** Looks after the list of nodes. */
  #members(): HostState {
    const [{ machine, host }] = this.servers;
    return this.host(machine, membership(this.#nodes().map((node) => node.machine.name)), "members", [host]);
  }

  /** One Gate over all parts; its checks are made on the first server. */
  #gate(name: string, checks: CheckInput[]): Gate {
    const nodes = this.#nodes().map(({ machine, host }) => [`${name}-${machine.name}`, host]);
    const networks = Object.entries(this.network.hosts).map(([machine, host]) => [
      `${name}-network-${machine}`,
      host,
    ]);
    this.adopt(Object.fromEntries([...networks, ...nodes]));
    for (const check of checks) this.check(this.servers[0].machine, check);
    return this.closeGate();
  }

  #nodes(): (KubernetesServer | KubernetesAgent)[] {
    return [...this.servers, ...this.agents];
  }

  #checks({ probeImage: image, dnsDomain }: z.infer<typeof settingsSchema>): CheckInput[] {
    const names = this.#nodes().map((node) => node.machine.name);
    const server = this.servers[0].machine.name;
    const last = names.at(-1) ?? server;
    return [
      nodesAreReady(names),
      apiIsReady,
      systemPodsAreReady,
      etcdIsHealthy(server, this.servers.length),
      anonymousIsRefused(this.servers[0].endpoint),
      kubeletsRefuseAnonymous(this.#nodes().map((node) => node.machine.address)),
      privilegedPodsAreRefused(image),
      requestsAreAudited,
      secretsAreEncrypted(server),
      podsAnswer(names, this.network.podSubnets, image),
      serviceAnswers(last, server, image),
      dnsResolves(last, dnsDomain, image),
    ];
  }
}

const settingsSchema = clusterSettings.extend({
  servers: z.array(z.unknown()).length(1, { error: "must hold exactly one machine" }),
  probeImage: z.string().regex(/^\S+$/, { error: "must be an image name" }).default(probeImage),
});
