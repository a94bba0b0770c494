import { quote } from "../../../provider/engine/shell.ts";
import type { ItemInput } from "../../../provider/index.ts";
import { configurationAnnotation } from "./kubeadmConfiguration.ts";
import { paths } from "./paths.ts";
import { resetNode } from "./resetNode.ts";

/** Made last: a start that was cut short does not have it. */
const startedMark = `${paths.folder}/started`;

/**
 * Starts the cluster. It has an undo and is thus `equivalent`: rolled back, the machine has no node on it,
 * and what etcd held lies aside with the keys that open it.
 */
export const initialiseItem: ItemInput = {
  kind: "command",
  name: "start of the cluster",
  run: `set -eu
if [ -d ${quote(`${paths.etcdFolder}/member`)} ]; then
  echo 'etcd holds the data of a cluster, and this machine lacks the files that belong to it: nothing is overwritten'
  exit 1
fi
kubeadm init --config ${quote(paths.configuration)} --skip-token-print --skip-certificate-key-print
date -u >${quote(startedMark)}
`,
  // Says nothing about whether the API answers: an outage is no reason to start anew.
  unless: `[ -s ${quote(startedMark)} ] && [ -s ${quote(paths.adminConfiguration)} ] && [ -d ${quote(`${paths.etcdFolder}/member`)} ]\n`,
  undo: resetNode,
  timeLimit: 600,
};

const kept = `${paths.folder}/manifests.before`;

/** Brings the static pods of a running server to what the files say, and waits until the API server runs with it. */
export function controlPlaneItem(
  name: string,
  digest: string,
): { run: string; unless: string; undo: string } {
  const annotation = configurationAnnotation.replaceAll(".", "\\.");
  return {
    run: `set -eu
rm -rf ${quote(kept)}
cp -a ${quote(paths.manifests)} ${quote(kept)}
[ -s ${quote(`${paths.manifests}/etcd.yaml`)} ] || kubeadm init phase etcd local --config ${quote(paths.configuration)}
kubeadm init phase control-plane all --config ${quote(paths.configuration)}
export KUBECONFIG=${quote(paths.adminConfiguration)}
runs_with() { kubectl -n kube-system get pod ${quote(`kube-apiserver-${name}`)} -o jsonpath='{.metadata.annotations.${annotation}}'; }
until [ "$(runs_with 2>/dev/null)" = ${quote(digest)} ] && kubectl get --raw /readyz >/dev/null 2>&1; do sleep 1; done
kubeadm init phase upload-config all --config ${quote(paths.configuration)}
`,
    unless: `for pod in kube-apiserver kube-controller-manager kube-scheduler; do
  grep -Fq ${quote(`${configurationAnnotation}: ${digest}`)} ${quote(paths.manifests)}/"$pod.yaml" || exit 1
done
[ -s ${quote(`${paths.manifests}/etcd.yaml`)} ]
`,
    undo: `set -eu
[ ! -d ${quote(kept)} ] || cp -a ${quote(kept)}/. ${quote(paths.manifests)}/
`,
  };
}
