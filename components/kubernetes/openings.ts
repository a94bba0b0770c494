import { contains, parseSubnet } from "../../foundation/subnet.ts";
import type { ItemInput } from "../../provider/index.ts";
import * as pulumi from "../../pulumi.ts";
import type { Machine } from "../machine.ts";

/** TCP ports of a cluster. */
export const ports = { api: 6443, kubelet: 10250, etcdClient: 2379, etcdPeer: 2380 } as const;

/** One opening for each network; a network inside another one of the list needs none of its own. */
export function openPort(port: number, from: readonly string[]): ItemInput[] {
  return widest(from).map((source) => ({ kind: "allowedPort", protocol: "tcp", port, from: source }));
}

/** One opening for each machine. */
export function openPortTo(port: number, machines: readonly Machine[]): ItemInput[] {
  return machines.map((machine) => ({
    kind: "allowedPort",
    protocol: "tcp",
    port,
    from: pulumi.interpolate`${machine.address}/32`,
  }));
}

/** The networks that lie in no other one of the list. */
export function widest(networks: readonly string[]): string[] {
  const distinct = [...new Set(networks)];
  return distinct.filter((inner) => !distinct.some((outer) => outer !== inner && isWithin(inner, outer)));
}

function isWithin(inner: string, outer: string): boolean {
  const [small, large] = [parseSubnet(inner), parseSubnet(outer)];
  if (!small || !large || small.family !== large.family || small.prefix < large.prefix) return false;
  return contains(large, inner.split("/")[0] ?? "") && (small.prefix > large.prefix || inner > outer);
}
