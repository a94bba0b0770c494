import { quote } from "../../../provider/index.ts";
import { paths } from "../kubeadm/paths.ts";

/** Makes kubectl the administrator of the cluster, on a server. */
export const asAdministrator = `set -eu
export KUBECONFIG=${quote(paths.adminConfiguration)}
`;

const label = "groundwork/check";

/**
 * A namespace for one run of a check, `$space`, which goes with the script however that ends.
 * What a run left behind whose machine lost power goes with the next one.
 */
export const inTestSpace = (check: string): string => `${asAdministrator}space=groundwork-${check}-$$
trap 'kubectl delete namespace "$space" --wait=false --ignore-not-found >/dev/null 2>&1' EXIT
trap 'exit 143' INT TERM HUP
kubectl delete namespace --selector ${quote(`${label}=${check}`)} --wait=false >/dev/null 2>&1 || :
printf '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"%s","labels":{"${label}":"${check}"}}}' "$space" |
  kubectl create -f - >/dev/null
until kubectl -n "$space" get serviceaccount default >/dev/null 2>&1; do sleep 0.2; done
`;

/** Creates objects in the test space. */
export const createInSpace = (...objects: object[]): string =>
  `# shellcheck disable=SC2016 # what a pod runs is expanded there
printf '%s\\n' ${quote(JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }))} | kubectl -n "$space" create -f - >/dev/null
`;

/** A pod as the strictest profile wants it: it may do nothing but what a check needs. */
export interface TestPod {
  name: string;
  image: string;
  /** POSIX shell script of its only container. */
  run: string;
  /** Node that it shall be scheduled to; default: any that takes ordinary pods. */
  node?: string;
  labels?: Record<string, string>;
  /** Port that has to answer HTTP before the pod counts as ready. */
  httpPort?: number;
}

export function testPod({ name, image, run, node, labels, httpPort }: TestPod): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      ...(node === undefined ? {} : onNode(node)),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65534,
        runAsGroup: 65534,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: "probe",
          image,
          command: ["sh", "-c", run],
          workingDir: "/work",
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          volumeMounts: [{ name: "work", mountPath: "/work" }],
          ...(httpPort === undefined ? {} : { readinessProbe: readiness(httpPort) }),
        },
      ],
      volumes: [{ name: "work", emptyDir: {} }],
    },
  };
}

const readiness = (port: number): object => ({ httpGet: { path: "/", port }, periodSeconds: 1 });

/** The scheduler places it, on that node even where it is a server. */
const onNode = (node: string): object => ({
  nodeSelector: { "kubernetes.io/hostname": node },
  tolerations: [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" }],
});

/** Script of a pod that serves one line over HTTP. */
export const serveLine = (line: string, port: number): string =>
  `echo ${quote(line)} >index.html && exec httpd -f -p ${port} -h /work`;
