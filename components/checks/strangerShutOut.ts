import type { CheckInput } from "../../provider/index.ts";
import { probe, silence } from "./port.ts";
import { script } from "./script.ts";

// The namespace is a neighbour that nobody declared, on addresses for benchmarks (RFC 2544) and a random ULA.
const body = `${probe}
port=$1 listen=$2 stranger=groundwork-stranger listener=''
exec 9>/run/groundwork-stranger.lock
flock -w 60 9 || exit 1
clean() {
  [ -z "$listener" ] || kill "$listener" 2>/dev/null
  ip link delete gwstranger 2>/dev/null
  ip netns delete $stranger 2>/dev/null
}
clean
trap clean EXIT
trap 'exit 1' INT TERM HUP
ip netns add $stranger 2>&1 || {
  echo 'this machine does not let network namespaces be made'
  exit 77
}
{
  ip link add gwstranger type veth peer name outside netns $stranger &&
    ip address add 198.18.255.1/30 dev gwstranger &&
    ip link set gwstranger up &&
    ip -n $stranger address add 198.18.255.2/30 dev outside &&
    ip -n $stranger link set outside up
} || exit 1
six=''
if [ "$(cat /proc/sys/net/ipv6/conf/default/disable_ipv6 2>/dev/null)" = 0 ]; then
  six=fd6a:9c1d:77b5:1::1
  ip address add $six/64 dev gwstranger nodad || exit 1
  ip -n $stranger address add fd6a:9c1d:77b5:1::2/64 dev outside nodad || exit 1
fi
if [ "$listen" = yes ]; then
  timeout 60 systemd-socket-activate --listen="[::]:$port" --accept true >/dev/null 2>&1 9>&- &
  listener=$!
fi
# The listener and the link need a moment.
waited=0
until probe 198.18.255.1 "$port" >/dev/null; do
  waited=$((waited + 1))
  [ $waited -lt 20 ] || {
    echo "nothing listens on port $port, so nothing can be proven"
    exit 1
  }
  sleep 0.1
done
look() {
  # A busy machine may take a moment to answer itself.
  said=$(probe "$1" "$port" || probe "$1" "$port" || probe "$1" "$port") || {
    echo "nothing listens on $1 port $port, so nothing can be proven: $said"
    return 1
  }
  said=$(ip netns exec $stranger ping -n -q -c 1 -W ${silence} "$1" 2>&1) || {
    echo "the stranger does not reach $1 at all, so nothing can be proven: $said"
    return 1
  }
  said=$(ip netns exec $stranger timeout ${silence} bash -c 'exec 3<>"/dev/tcp/$1/$2"' probe "$1" "$port" 2>&1)
  [ $? -eq 124 ] || {
    echo "$1 port $port answers a stranger: \${said:-it accepts connections}"
    return 1
  }
  echo "something listens on $1 port $port, and a stranger gets no answer"
}
look 198.18.255.1 &
first=$!
status=0
if [ -n "$six" ]; then
  look $six || status=1
else
  echo 'IPv6 is off'
fi
wait $first && exit $status`;

/**
 * Passes when a port on which something really listens does not answer a stranger over IPv4 nor IPv6.
 * The stranger is a network namespace of the machine itself behind a link of its own: its packets take the way
 * of any other host's through the firewall, and it works where there is no other machine.
 * `listen` starts a listener for the test and ends it; without it the port's own service is the listener.
 * Skips (77) where namespaces cannot be made, as in an unprivileged container.
 */
export function strangerShutOut(name: string, port: number, listen: boolean): CheckInput {
  return { name, run: strangerScript(port, listen), createsObjects: true, timeLimit: 90 };
}

export const strangerScript = (port: number, listen: boolean): string =>
  script(body, port, listen ? "yes" : "no");
