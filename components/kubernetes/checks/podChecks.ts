import type { Check, CheckInput } from "../../../provider/index.ts";
import { quote } from "../../../provider/index.ts";
import * as pulumi from "../../../pulumi.ts";
import { createInSpace, inTestSpace, serveLine, testPod } from "./testSpace.ts";

const port = 8080;

const waitForClient = `phase=
until [ "$phase" = Succeeded ]; do
  phase=$(kubectl -n "$space" get pod client -o jsonpath='{.status.phase}')
  [ "$phase" != Failed ] || {
    kubectl -n "$space" logs client
    exit 1
  }
  sleep 0.3
done
`;

const waitForReady = `kubectl -n "$space" wait --for=condition=Ready pod --all --timeout=120s >/dev/null || {
  kubectl -n "$space" describe pods | tail -n 30
  exit 1
}
`;

/** The scheduler puts a pod on each machine; it has an address of that machine's /24, and answers the server. */
export function podsAnswer(
  nodes: readonly string[],
  podSubnets: Readonly<Record<string, pulumi.Input<string>>>,
  image: string,
): CheckInput {
  return {
    name: "a pod on every machine runs and answers",
    createsObjects: true,
    timeLimit: 240,
    run: pulumi.output(podSubnets).apply((subnets) => askingPods(nodes, subnets, image)),
  };
}

function askingPods(nodes: readonly string[], podSubnets: Record<string, string>, image: string): string {
  const pods = nodes.map((node) =>
    testPod({ name: `on-${node}`, image, node, run: serveLine(node, port), httpPort: port }),
  );
  const asks = nodes.map((node) => `ask ${quote(node)} ${quote(prefixOf(podSubnets[node] ?? ""))}\n`);
  return `${inTestSpace("pods")}${createInSpace(...pods)}${waitForReady}
ask() { # NODE PREFIX-OF-ITS-PODS
  address=$(kubectl -n "$space" get pod "on-$1" -o jsonpath='{.status.podIP}')
  answer=$(curl --silent --show-error --fail --max-time 10 "http://$address:${port}/")
  echo "the pod at $address says $answer"
  case $address in
    "$2"*) ;;
    *)
      echo "$address is no address of $2*"
      exit 1
      ;;
  esac
  [ "$answer" = "$1" ]
}
${asks.join("")}`;
}

/** What the addresses of a /24 begin with. */
const prefixOf = (subnet: string): string => subnet.replace(/0\/24$/, "");

/** A Service in front of a pod on one machine answers a pod on another one, found by name, and the server. */
export function serviceAnswers(server: string, client: string, image: string): Check {
  const labels = { app: "answers" };
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "answers" },
    spec: { selector: labels, ports: [{ port: 80, targetPort: port }] },
  };
  return {
    name: "a Service answers from another machine, found by its name",
    createsObjects: true,
    timeLimit: 240,
    run: `${inTestSpace("service")}${createInSpace(
      service,
      testPod({
        name: "server",
        image,
        node: server,
        labels,
        run: serveLine(`pod on ${server}`, port),
        httpPort: port,
      }),
      testPod({
        name: "client",
        image,
        node: client,
        run: patiently("timeout 3 wget -q -O - http://answers/"),
      }),
    )}${waitForClient}said=$(kubectl -n "$space" logs client --tail=1)
printf 'a pod on %s hears: %s\\n' ${quote(client)} "$said"
address=$(kubectl -n "$space" get service answers -o jsonpath='{.spec.clusterIP}')
printf 'this machine hears: %s\\n' "$(curl --silent --show-error --fail --max-time 10 "http://$address/")"
[ "$said" = ${quote(`pod on ${server}`)} ]
`,
  };
}

/** A pod resolves names of the cluster. */
export function dnsResolves(node: string, dnsDomain: string, image: string): Check {
  const run = patiently(`nslookup kubernetes.default.svc.${dnsDomain}.`);
  return {
    name: "cluster DNS resolves names of the cluster",
    createsObjects: true,
    timeLimit: 240,
    run: `${inTestSpace("dns")}${createInSpace(testPod({ name: "client", image, node, run }))}${waitForClient}wanted=$(kubectl -n default get service kubernetes -o jsonpath='{.spec.clusterIP}')
kubectl -n "$space" logs client | grep -F "$wanted"
`,
  };
}

/**
 * Script of a pod that tries for about a minute until a command works: after a restart of the API, cluster DNS takes
 * most of that to hear of new Services. (`wget -T` is no help: Debian's static busybox dies of it.)
 */
const patiently = (command: string): string => `tries=0
until ${command}; do
  tries=$((tries + 1))
  [ $tries -lt 40 ] || exit 1
  sleep 1
done
`;
