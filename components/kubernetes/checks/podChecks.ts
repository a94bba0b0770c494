import type { Check, CheckInput } from "../../../provider/index.ts";
import { quote } from "../../../provider/index.ts";
import * as pulumi from "../../../pulumi.ts";
import { createInSpace, inTestSpace, serveLine, testPod } from "./testSpace.ts";

const port = 8080;

/** Seconds that a node may be not Ready before it is given up: one that just joined, or restarts, takes some. */
const patience = 30;

/** Ends the script with a word where the pods of a check cannot come to run on the nodes that they need. */
const giveUpHopeless = (...nodes: string[]): string => `
give_up_hopeless() {
  states=$(kubectl --request-timeout 10s get nodes -o jsonpath='{range .items[*]}{.metadata.name}{range .status.conditions[?(@.type=="Ready")]}{" "}{.status}{" "}{.lastTransitionTime}{end}{"\\n"}{end}') || return 0
  pods=$(kubectl --request-timeout 10s -n "$space" get pods -o jsonpath='{range .items[*]}{.metadata.name}{" "}{.status.phase}{range .status.containerStatuses[*]}{" "}{.state.waiting.reason}{end}{"\\n"}{end}') || return 0
  set -- ${nodes.map(quote).join(" ")}
  why=$(
    for node; do
      printf '%s\\n' "$states" | while read -r name ready since; do
        if [ "$name" != "$node" ] || [ "$ready" = True ]; then continue; fi
        [ $(($(date +%s) - $(date -d "$since" +%s))) -lt ${patience} ] ||
          echo "node $node is not Ready (Ready is $ready since $since): no pod can start there"
      done
    done
    printf '%s\\n' "$pods" | while read -r name phase waiting; do
      case $phase/$waiting in
        Failed/* | */InvalidImageName | */ErrImageNeverPull | */CreateContainerConfigError)
          echo "pod $name cannot run: $phase $waiting"
          kubectl -n "$space" logs "$name" 2>&1 | tail -n 5
          ;;
      esac
    done
  )
  [ -z "$why" ] || {
    printf '%s\\n' "$why"
    exit 1
  }
}
`;

const waitForClient = `tries=0
until [ "$(kubectl -n "$space" get pod client -o jsonpath='{.status.phase}')" = Succeeded ]; do
  [ $((tries % 10)) -ne 0 ] || give_up_hopeless
  tries=$((tries + 1))
  sleep 0.3
done
`;

const waitForReady = `tries=0
until kubectl -n "$space" wait --for=condition=Ready pod --all --timeout=5s >/dev/null 2>&1; do
  give_up_hopeless
  tries=$((tries + 1))
  [ $tries -lt 24 ] || {
    kubectl -n "$space" describe pods | tail -n 30
    exit 1
  }
done
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
  return `${inTestSpace("pods")}${createInSpace(...pods)}${giveUpHopeless(...nodes)}${waitForReady}
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
    )}${giveUpHopeless(server, client)}${waitForClient}said=$(kubectl -n "$space" logs client --tail=1)
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
    run: `${inTestSpace("dns")}${createInSpace(testPod({ name: "client", image, node, run }))}${giveUpHopeless(node)}${waitForClient}wanted=$(kubectl -n default get service kubernetes -o jsonpath='{.spec.clusterIP}')
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
