import { script } from "../checks/index.ts";
import { openSources } from "./firewall.ts";

/**
 * Succeeds when a login that sshd holds now comes from one of the networks `$1`, `$2`, …, or from the machine itself.
 * Groundwork's own login is among them while this runs, and what sshd sees is what the firewall will see: behind a
 * bastion the bastion. Where nothing can be told, nothing is refused: the dead-man timer still waits. ss(8)
 */
const loginComesFromThere = `
logins() { ss -Htnp state established "$@" 2>/dev/null; }
by_sshd() { printf '%s\\n' "$1" | grep '"sshd'; }
sources=$*
allowed='dst 127.0.0.0/8 or dst ::1/128'
for network; do allowed="$allowed or dst $network"; done
if ! { everybody=$(logins) && admitted=$(logins "( $allowed )") && seen=$(by_sshd "$everybody"); }; then
  echo 'no login can be seen'
  exit 0
fi
if by_sshd "$admitted" >/dev/null; then
  echo "a login comes from one of $sources"
  exit 0
fi
from=$(printf '%s\\n' "$seen" | awk '
  { sub(/:[0-9]+$/, "", $3); sub(/:[0-9]+$/, "", $4) }
  $3 == $4 { own = 1 }
  { gsub(/^\\[(::ffff:)?|\\]$/, "", $4); if (!($4 in told)) list = list (list == "" ? "" : ", ") $4; told[$4] }
  END { if (!own) print list }')
[ -n "$from" ] || exit 0
echo "Groundwork logs in from $from, which streams.alpha.ssh.sources ($sources) does not hold: the firewall would shut it out; add the address there"
exit 1`;

/** The guard's script for the networks that may log in; undefined where they are everywhere. */
export function loginIsAdmitted(networks: string[]): string | undefined {
  const sources = openSources(networks);
  return sources.includes("any") ? undefined : script(loginComesFromThere, ...sources);
}
