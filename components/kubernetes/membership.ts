import { quote } from "../../provider/index.ts";
import type { HostSpec } from "../stream.ts";
import { asAdministrator } from "./checks/testSpace.ts";

/** Carried by every node that a program declared: only these are ever removed. */
export const declaredLabel = "groundwork/declared";

/** Seconds that pods of a leaving node have to stop. */
const drainSeconds = 60;

/**
 * Lets go of nodes that are no longer declared, as long as their machines still run: pods move away, then the node
 * leaves the API. A node that does not answer is not waited for. Made on a server.
 */
export function membership(names: readonly string[]): HostSpec {
  const left = `left() {
  kubectl --request-timeout 10s get nodes --selector ${quote(declaredLabel)} -o jsonpath='{range .items[*]}{.metadata.name}{"\\n"}{end}' |
    grep -Fvx ${names.map((name) => `-e ${quote(name)}`).join(" ")} || :
}
`;
  return {
    items: [
      {
        kind: "command",
        name: "nodes that are no longer declared",
        // An API that does not answer says nothing about nodes.
        unless: `${asAdministrator}${left}[ -z "$(left)" ]\n`,
        run: `${asAdministrator}${left}for node in $(left); do
  ready=$(kubectl get node "$node" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}')
  [ "$ready" != True ] ||
    kubectl drain "$node" --ignore-daemonsets --delete-emptydir-data --force --timeout ${drainSeconds}s ||
    echo "some pods of $node did not stop within ${drainSeconds} s"
  kubectl delete node "$node"
done
`,
        undo: ":\n",
      },
    ],
  };
}
