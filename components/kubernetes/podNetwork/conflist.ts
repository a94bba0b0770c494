/** The bridge that joins a machine's pods. */
export const podBridge = "cni0";

/** The pod network's configuration for the container runtime, `/etc/cni/net.d/*.conflist`. Source: CNI 1.0.0 */
export function conflist(podSubnet: string): string {
  const bridge = {
    type: "bridge",
    bridge: podBridge,
    isGateway: true,
    // Which traffic is masqueraded is decided by a table of our own: among nodes and pods, sources stay as they are.
    ipMasq: false,
    hairpinMode: true,
    ipam: {
      type: "host-local",
      ranges: [[{ subnet: podSubnet }]],
      routes: [{ dst: "0.0.0.0/0" }],
    },
  };
  const portmap = { type: "portmap", capabilities: { portMappings: true }, snat: true, backend: "nftables" };
  return `${JSON.stringify({ cniVersion: "1.0.0", name: "groundwork", plugins: [bridge, portmap] }, null, 2)}\n`;
}
