import type { ItemInput } from "../../../provider/index.ts";
import { quote } from "../../../provider/index.ts";
import { podBridge } from "../podNetwork/conflist.ts";
import { criSocket, paths } from "./paths.ts";

/**
 * Takes a node out of its machine. The order matters: kubelet would start pods again, static pods would come back
 * from their manifests, and etcd's data would be deleted with its manifest. Certificates, keys and etcd's data stay:
 * they lie in state directories, which a rollback moves aside. Only tables, links and folders that these pods'
 * programs made are removed; nobody else's rules are touched.
 */
export const resetNode = `set +e -u
systemctl stop kubelet.service 2>/dev/null
rm -rf ${quote(paths.manifests)}
kubeadm reset phase cleanup-node --cri-socket ${quote(criSocket)} --cert-dir ${quote(`${paths.folder}/none`)} </dev/null || exit
rm -f /etc/kubernetes/bootstrap-kubelet.conf
for table in 'ip kube-proxy' 'ip6 kube-proxy' 'ip cni_hostport' 'ip6 cni_hostport'; do
  # shellcheck disable=SC2086 # family and name are two words
  ! nft list table $table >/dev/null 2>&1 || nft delete table $table || exit
done
! ip link show dev ${quote(podBridge)} >/dev/null 2>&1 || ip link delete dev ${quote(podBridge)} || exit
rm -rf /var/lib/cni /var/log/pods /var/log/containers
for folder in /sys/fs/cgroup/kubepods /sys/fs/cgroup/*/kubepods; do
  [ ! -d "$folder" ] || find "$folder" -depth -type d -exec rmdir {} \\; 2>/dev/null
done
exit 0
`;

const mark = quote(`${paths.folder}/node`);

/**
 * Comes before whatever makes the machine a node. All it does is to be taken back: its mark is there from the first
 * try on, so that a rollback clears the machine also where the start or the joining was cut short, or where the
 * cluster has forgotten the node in the meantime.
 */
export const nodeItem: ItemInput = {
  kind: "command",
  name: "node on this machine",
  run: `: >${mark}\n`,
  unless: `[ -e ${mark} ]\n`,
  undo: `rm -f ${mark}\n${resetNode}`,
};
