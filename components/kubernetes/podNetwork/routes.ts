import type { Check } from "../../../provider/index.ts";
import { quote } from "../../../provider/index.ts";

/** A machine as the pod network sees it. */
export interface PodPeer {
  /** Its IPv4 address. */
  address: string;
  /** The network of its pods. */
  pods: string;
}

const folder = "/etc/groundwork/pod-network";
export const routesFile = `${folder}/routes`;
export const tableFile = `${folder}/masquerade.nft`;
export const keeperPath = "/usr/local/lib/groundwork/pod-network";
export const keeperUnit = "groundwork-pod-network.service";

/** Number by which our routes are known, /etc/iproute2/rt_protos. */
const protocol = "71";
const table = "groundwork_pods";

/** Lines `NETWORK GATEWAY`: how to reach the pods of the other machines. */
export const routeLines = (self: string, peers: readonly PodPeer[]): string =>
  byAddress(peers)
    .filter((peer) => peer.address !== self)
    .map((peer) => `${peer.pods} ${peer.address}\n`)
    .join("");

/** What leaves the cluster carries the machine's address; among pods and machines of the cluster, sources stay as they are. */
export const masqueradeTable = (podSubnet: string, peers: readonly PodPeer[]): string => `table ip ${table}
delete table ip ${table}
table ip ${table} {
  set inside {
    type ipv4_addr
    flags interval
    elements = { ${[podSubnet, ...byAddress(peers).map((peer) => peer.address)].join(", ")} }
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${podSubnet} ip daddr != @inside masquerade
  }
}
`;

const byAddress = (peers: readonly PodPeer[]): PodPeer[] =>
  [...peers].sort((a, b) => (a.address < b.address ? -1 : 1));

/**
 * Keeps routes and table as the files say, also after a link was down or another program dropped them
 * (systemd-networkd removes routes that it does not know). It looks at each change of routes, and once a minute.
 */
export const keeper = `#!/bin/sh
# Keeps the routes to other machines' pods and the masquerading of what leaves the cluster.
set -u
routes=${quote(routesFile)}
table=${quote(tableFile)}

keep() {
  nft list table ip ${table} >/dev/null 2>&1 || nft -f "$table"
  while read -r network gateway; do
    [ -n "$(ip -4 route show exact "$network" via "$gateway" proto ${protocol})" ] ||
      ip -4 route replace "$network" via "$gateway" proto ${protocol}
  done <"$routes"
}

settle() {
  nft -f "$table" || return
  keep
  ip -4 route show proto ${protocol} | while read -r network _; do
    grep -q "^$network " "$routes" || ip -4 route delete "$network" proto ${protocol}
  done
}

watch() {
  while :; do
    timeout 60 ip -4 monitor route address
    echo minute
  done | while read -r _; do keep; done
}

case \${1-} in
  settle) settle ;;
  watch)
    settle || exit
    systemd-notify --ready
    watch
    ;;
  forget)
    ip -4 route flush proto ${protocol}
    nft delete table ip ${table}
    ;;
esac
`;

/** The keeper's unit. A changed file is settled by a reload: traffic goes on. */
export const keeperUnitText = `[Unit]
Description=Groundwork keeps the routes of the pod network
After=network-online.target
Wants=network-online.target
Before=kubelet.service

[Service]
Type=notify
NotifyAccess=all
ExecStart=${keeperPath} watch
ExecReload=${keeperPath} settle
ExecStopPost=-${keeperPath} forget
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
`;

/** Every route is there, and so is the table. */
export const routesAreThere: Check = {
  name: "routes to the pods of the other machines are there",
  run: `set -eu
nft list table ip ${table} >/dev/null
while read -r network gateway; do
  ip -4 route show exact "$network" via "$gateway" | grep . || {
    echo "no route to $network by $gateway"
    exit 1
  }
done <${quote(routesFile)}
`,
  within: 10,
};
