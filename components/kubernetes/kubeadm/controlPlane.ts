import type { ItemInput } from "../../../provider/index.ts";
import { quote } from "../../../provider/index.ts";
import { configurationAnnotation } from "./kubeadmConfiguration.ts";
import { paths } from "./paths.ts";

/** Made last: a start that was cut short does not have it. */
const startedMark = `${paths.folder}/started`;

/**
 * Starts the cluster. It counts as `equivalent`, not as something that can never be taken back: the item before it does
 * that, and what etcd held lies aside with the keys that open it.
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
  undo: ":\n",
  timeLimit: 600,
};

/** Manifests and certificate of the API server as they were before the last change. */
const kept = `${paths.folder}/before`;
const certificate = `${paths.certificates}/apiserver`;

/**
 * The digest of the wanted configuration stands in kubeadm's patches, from where it gets into the manifests. It is read
 * there and not written into the scripts: what was captured at the first start still holds after a change.
 */
const wantedDigest = `wanted=$(sed -n 's|.*${configurationAnnotation}: *||p' ${quote(`${paths.patches}/kube-apiserver+strategic.yaml`)})`;

/** Brings the static pods of a running server to what the files say, and waits until the API server runs with it. */
export const controlPlaneItem = (name: string): ItemInput => ({
  kind: "command",
  name: "control plane as configured",
  run: `set -eu
${wantedDigest}
rm -rf ${quote(kept)}
mkdir -m 0700 ${quote(kept)}
cp -a ${quote(paths.manifests)} ${quote(kept)}
mv ${quote(`${certificate}.crt`)} ${quote(`${certificate}.key`)} ${quote(kept)}
kubeadm init phase certs apiserver --config ${quote(paths.configuration)}
[ -s ${quote(`${paths.manifests}/etcd.yaml`)} ] || kubeadm init phase etcd local --config ${quote(paths.configuration)}
kubeadm init phase control-plane all --config ${quote(paths.configuration)}
export KUBECONFIG=${quote(paths.adminConfiguration)}
runs_with() { kubectl -n kube-system get pod ${quote(`kube-apiserver-${name}`)} -o jsonpath='{.metadata.annotations.${configurationAnnotation.replaceAll(".", "\\.")}}'; }
until [ "$(runs_with 2>/dev/null)" = "$wanted" ] && kubectl get --raw /readyz >/dev/null 2>&1; do sleep 1; done
kubeadm init phase upload-config all --config ${quote(paths.configuration)}
`,
  unless: `${wantedDigest}
for pod in kube-apiserver kube-controller-manager kube-scheduler; do
  grep -Fq "${configurationAnnotation}: $wanted" ${quote(paths.manifests)}/"$pod.yaml" || exit 1
done
[ -n "$wanted" ] && [ -s ${quote(`${paths.manifests}/etcd.yaml`)} ]
`,
  undo: `set -eu
[ -d ${quote(kept)}/manifests ] || exit 0
cp -a ${quote(kept)}/manifests/. ${quote(paths.manifests)}/
[ ! -e ${quote(kept)}/apiserver.key ] ||
  cp -a ${quote(kept)}/apiserver.crt ${quote(kept)}/apiserver.key ${quote(paths.certificates)}/
`,
  timeLimit: 300,
});
