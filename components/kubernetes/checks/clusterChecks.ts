import type { Check, CheckInput } from "../../../provider/index.ts";
import { quote } from "../../../provider/index.ts";
import * as pulumi from "../../../pulumi.ts";
import { paths } from "../kubeadm/paths.ts";
import { ports } from "../openings.ts";
import { asAdministrator } from "./testSpace.ts";

/** The typed condition `Ready` of each node that is registered, compared with the machines that shall be nodes. */
export function nodesAreReady(names: readonly string[]): Check {
  const wanted = [...names].sort().map((name) => `${name} True`);
  return {
    name: "every declared node is Ready and no other is registered",
    run: `${asAdministrator}found=$(kubectl --request-timeout 10s get nodes -o jsonpath='{range .items[*]}{.metadata.name}{" "}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}' | LC_ALL=C sort)
printf '%s\\n' "$found"
[ "$found" = ${quote(wanted.join("\n"))} ]
`,
    within: 120,
  };
}

export const apiIsReady: Check = {
  name: "the API is ready",
  run: `${asAdministrator}kubectl --request-timeout 10s get --raw '/readyz?verbose' | tail -n 1
[ "$(kubectl --request-timeout 10s get --raw /readyz)" = ok ]
`,
  within: 60,
};

/** Pods of the cluster itself: DNS and what programs Services on each node. */
export const systemPodsAreReady: Check = {
  name: "cluster DNS and the Service proxy run where they shall",
  run: `${asAdministrator}
ready() { # KIND NAME WANTED-FIELD READY-FIELD
  kubectl --request-timeout 10s -n kube-system get "$1" "$2" -o jsonpath="{$3} {$4}"
}
for pods in "deployment coredns .spec.replicas .status.readyReplicas" \\
  "daemonset kube-proxy .status.desiredNumberScheduled .status.numberReady"; do
  # shellcheck disable=SC2086 # four words
  set -- $pods
  counts=$(ready "$@")
  printf '%s: %s wanted and ready\\n' "$2" "$counts"
  [ "\${counts% *}" = "\${counts#* }" ] && [ -n "\${counts#* }" ] || exit 1
done
`,
  within: 120,
};

/** A request without an identity is refused; health may be asked by everybody. */
export function anonymousIsRefused(endpoint: pulumi.Input<string>): CheckInput {
  return {
    name: "a request without an identity is refused",
    run: pulumi.output(endpoint).apply(askingAnonymously),
  };
}

function askingAnonymously(endpoint: string): string {
  const url = (path: string) => quote(`https://${endpoint}${path}`);
  return `set -eu
ask() { curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' --cacert ${quote(paths.authority)} "$1"; }
list=$(ask ${url("/api/v1/namespaces")})
health=$(ask ${url("/readyz")})
echo "namespaces: $list, health: $health"
[ "$list" = 401 ] && [ "$health" = 200 ]
`;
}

/** Each kubelet refuses who has no identity. Its own certificate is signed by itself; nothing is sent to it. */
export function kubeletsRefuseAnonymous(addresses: readonly pulumi.Input<string>[]): CheckInput {
  return {
    name: "kubelets refuse a request without an identity",
    run: pulumi.all([...addresses]).apply(askingKubelets),
  };
}

const askingKubelets = (addresses: string[]): string => `set -eu
for address in ${addresses.map(quote).join(" ")}; do
  status=$(curl --silent --insecure --max-time 10 --output /dev/null --write-out '%{http_code}' "https://$address:${ports.kubelet}/pods" || :)
  echo "$address: $status"
  [ "$status" = 401 ]
done
`;

const etcdctl = (node: string): string =>
  `kubectl --request-timeout 20s -n kube-system exec ${quote(`etcd-${node}`)} -c etcd -- etcdctl --cacert ${paths.certificates}/etcd/ca.crt --cert ${paths.certificates}/etcd/server.crt --key ${paths.certificates}/etcd/server.key`;

/** Every server is a voter of etcd and answers. */
export function etcdIsHealthy(node: string, members: number): Check {
  return {
    name: "every member of etcd is healthy",
    run: `${asAdministrator}health=$(${etcdctl(node)} endpoint health --cluster -w json)
printf '%s\\n' "$health"
[ "$(printf '%s' "$health" | grep -o '"health":true' | wc -l)" -eq ${members} ]
`,
    within: 30,
  };
}

/** What etcd holds of a secret is not its text. */
export function secretsAreEncrypted(node: string): Check {
  return {
    name: "a secret is encrypted in etcd",
    createsObjects: true,
    run: `${asAdministrator}name=groundwork-check-$$
trap 'kubectl -n default delete secret "$name" --ignore-not-found >/dev/null 2>&1' EXIT
trap 'exit 143' INT TERM HUP
printf 'to-be-encrypted' | kubectl -n default create secret generic "$name" --from-file=text=/dev/stdin >/dev/null
stored=$(${etcdctl(node)} get "/registry/secrets/default/$name" --print-value-only | tr -dc '[:print:]')
printf 'stored as %.30s\\n' "$stored"
case $stored in
  *to-be-encrypted* | *dG8tYmUtZW5jcnlwdGVk*) exit 1 ;;
  k8s:enc:secretbox:v1:*) ;;
  *) exit 1 ;;
esac
`,
  };
}

/** A request shows up in the audit log. */
export const requestsAreAudited: Check = {
  name: "requests are written to the audit log",
  run: `${asAdministrator}name=groundwork-check-$$
kubectl --request-timeout 10s -n default get configmap "$name" --ignore-not-found
for _ in 1 2 3 4 5 6 7 8 9 10; do
  if line=$(tail -n 2000 ${quote(paths.auditLog)} | grep -F "/configmaps/$name"); then
    printf '%s\\n' "$line" | tail -n 1 | cut -c 1-300
    exit 0
  fi
  sleep 0.5
done
echo "the request for $name is not in ${paths.auditLog}"
exit 1
`,
};

/** Admission refuses a pod that would own its machine; nothing is created. */
export function privilegedPodsAreRefused(image: string): Check {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "groundwork-check" },
    spec: { hostPID: true, containers: [{ name: "check", image, securityContext: { privileged: true } }] },
  };
  return {
    name: "a privileged pod is refused",
    run: `${asAdministrator}if answer=$(printf '%s\\n' ${quote(JSON.stringify(pod))} | kubectl -n default create --dry-run=server -f - 2>&1); then
  echo "admitted: $answer"
  exit 1
fi
printf '%s\\n' "$answer"
case $answer in *'(Forbidden)'*PodSecurity*) ;; *) exit 1 ;; esac
`,
  };
}
