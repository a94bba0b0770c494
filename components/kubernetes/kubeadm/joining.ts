import { quote } from "../../../provider/index.ts";
import { yamlText } from "../yamlText.ts";
import { paths } from "./paths.ts";
import { resetNode } from "./resetNode.ts";

/** Holds a bootstrap token while a machine joins; in memory, for root only. */
const joinFolder = "/run/groundwork-join";
export const discoveryFile = `${joinFolder}/discovery.conf`;

/** Asked of any server: a bootstrap token that lives ten minutes. */
export const issueToken = `set -eu
export KUBECONFIG=${quote(paths.adminConfiguration)}
kubeadm token create --ttl 10m --description 'Groundwork: one machine joins'
`;

const placeholder = "TOKEN";

/** A kubeconfig that trusts the cluster's authority alone. The server may be any that answers at the endpoint. */
const discovery = (endpoint: string, authority: string): string =>
  yamlText({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "cluster",
        cluster: {
          server: `https://${endpoint}`,
          "certificate-authority-data": Buffer.from(`${authority.trim()}\n`).toString("base64"),
        },
      },
    ],
    contexts: [{ name: "join", context: { cluster: "cluster", user: "joiner" } }],
    "current-context": "join",
    users: [{ name: "joiner", user: { token: placeholder } }],
  });

/**
 * Makes the machine a node of the cluster. A machine that belonged to another cluster, or that its cluster forgot,
 * is taken out first. The token comes from the ticket, is looked at character by character, and is never in argv.
 */
export function joinScript(name: string, endpoint: string, authority: string): string {
  const [before = "", after = ""] = discovery(endpoint, authority).split(` ${placeholder}\n`);
  return `set -eu
umask 077
token=$(cat "$TICKET")
case $token in
  *[!a-z0-9.]* | *.*.* | '') echo 'the ticket is no bootstrap token' && exit 1 ;;
  ??????.????????????????) ;;
  *) echo 'the ticket is no bootstrap token' && exit 1 ;;
esac
if [ -e ${quote(paths.kubeletIdentity)} ]; then
  (
${indented(resetNode)}
  )
  rm -f ${quote(paths.authority)}
fi
trap 'rm -rf ${joinFolder}' EXIT
trap 'exit 143' INT TERM
rm -rf ${joinFolder}
mkdir ${joinFolder}
printf '%s %s\\n%s' ${quote(before)} "$token" ${quote(after)} >${discoveryFile}
kubeadm join --config ${quote(paths.configuration)}
# kubelet registers the node a moment later.
until [ "$(${askForNode(name, endpoint)})" = 200 ]; do sleep 0.5; done
`;
}

const indented = (script: string): string => script.trimEnd().replace(/^(?=.)/gm, "    ");

/** Asks the API for the node with the node's own certificate, and prints the status of the answer; 000 is none. */
const askForNode = (name: string, endpoint: string): string =>
  `curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' \\
  --cacert ${quote(paths.authority)} --cert ${quote(paths.kubeletCertificate)} --key ${quote(paths.kubeletCertificate)} \\
  ${quote(`https://${endpoint}/api/v1/nodes/${name}`)}`;

/**
 * Holds while the machine is a node of this very cluster. No answer from the API says nothing:
 * an outage is no reason to join anew.
 */
export function hasJoined(name: string, endpoint: string, authority: string): string {
  return `[ -s ${quote(paths.kubeletIdentity)} ] && [ -s ${quote(`${paths.kubeletFolder}/config.yaml`)} ] || exit 1
[ "$(cat ${quote(paths.authority)})" = ${quote(authority.trim())} ] || exit 1
status=$(${askForNode(name, endpoint)})
case $status in
  401 | 403 | 404)
    echo "the cluster does not know this node ($status)"
    exit 1
    ;;
esac
`;
}
