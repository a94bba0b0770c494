import type { CheckInput } from "../../provider/index.ts";
import * as pulumi from "../../pulumi.ts";
import { script } from "./script.ts";

/** A TCP port of a machine. */
export interface Endpoint {
  /** IPv4 or IPv6 address, without brackets. */
  address: string;
  /** 1 to 65535. */
  port: number;
}

/** How to know that a machine lives whose closed port does not answer: an open TCP port, or its echo. */
export type SignOfLife = number | "echo";

/** Seconds without an answer after which a port counts as closed: the first SYN is repeated after one second. */
export const silence = 2;

/** `probe ADDRESS PORT`: 0 when it accepts a connection, 124 when nothing answers, else words of refusal. */
// bash is essential on Debian and tells silence (124) from a refusal (1) apart; nothing has to be installed.
export const probe = `
probe() { timeout ${silence} bash -c 'exec 3<>"/dev/tcp/$1/$2"' probe "$1" "$2" 2>&1; }`;

const openBody = `${probe}
if said=$(probe "$1" "$2"); then
  echo "$1 port $2 accepts connections"
else
  echo "$1 port $2 does not accept connections: \${said:-no answer within ${silence} s}"
  exit 1
fi`;

// A refusal would mean that packets get through and merely nobody listens at the moment.
const closedBody = `${probe}
case $3 in
  echo) alive=$(ping -n -q -c 2 -W ${silence} "$1" 2>&1) ;;
  *) alive=$(probe "$1" "$3" || probe "$1" "$3") ;;
esac || {
  echo "$1 gives no sign of life ($3): \${alive:-no answer}; silence of port $2 would prove nothing"
  exit 1
}
said=$(probe "$1" "$2")
case $? in
  124) echo "$1 port $2 does not answer within ${silence} s, while $1 is alive ($3)" ;;
  0)
    echo "$1 port $2 accepts connections"
    exit 1
    ;;
  *)
    echo "$1 port $2 answers with a refusal, so packets reach it: $said"
    exit 1
    ;;
esac`;

/** Passes when a TCP connection to the endpoint is accepted. */
export function portOpen(name: string, endpoint: pulumi.Input<Endpoint>): CheckInput {
  return { name, run: pulumi.output(endpoint).apply(portOpenScript) };
}

/**
 * Passes when packets to the endpoint are dropped: no answer at all, while the machine is proven alive.
 * It needs no listener, because a port that lets packets in and has none answers with a refusal, and fails.
 */
export function portClosed(
  name: string,
  endpoint: pulumi.Input<Endpoint>,
  sign: pulumi.Input<SignOfLife>,
): CheckInput {
  const run = pulumi.all([endpoint, sign]).apply(([known, life]) => portClosedScript(known, life));
  return { name, run };
}

export const portOpenScript = ({ address, port }: Endpoint): string => script(openBody, address, port);
export const portClosedScript = ({ address, port }: Endpoint, sign: SignOfLife): string =>
  script(closedBody, address, port, sign);
