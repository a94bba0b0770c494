import type { CheckInput } from "../../provider/index.ts";
import * as pulumi from "../../pulumi.ts";
import { script } from "./script.ts";

/** An sshd as another machine sees it. */
export interface SshEndpoint {
  address: string;
  port: number;
  user: string;
  /** Pinned public host key, `ssh-ed25519 AAAA…`. */
  hostKey: string;
}

const refusalBody = `
address=$1 port=$2 user=$3 key=$4
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
printf '%s %s\\n' "$address" "$key" "[$address]:$port" "$key" >"$work/known_hosts"
printf '#!/bin/sh\\n: >%s/asked\\necho not-the-password\\n' "$work" >"$work/askpass"
chmod 700 "$work/askpass"
said=$(SSH_ASKPASS=$work/askpass SSH_ASKPASS_REQUIRE=force timeout 25 ssh -F none \\
  -o UserKnownHostsFile="$work/known_hosts" -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes \\
  -o PubkeyAuthentication=no -o PreferredAuthentications=password,keyboard-interactive \\
  -o NumberOfPasswordPrompts=1 -o ConnectTimeout=10 -p "$port" -- "$user@$address" true 2>&1 </dev/null)
status=$?
echo "$said" | tail -n 2
[ ! -e "$work/asked" ] || {
  echo "$address asked for a password"
  exit 1
}
[ "$status" -eq 255 ] || {
  echo "the login ended with $status instead of a refusal"
  exit 1
}
methods=\${said##*Permission denied (}
[ "$methods" != "$said" ] || {
  echo 'the login failed before the server said which methods it takes'
  exit 1
}
case ,\${methods%%)*}, in
  *,password,* | *,keyboard-interactive,*)
    echo "$address offers passwords"
    exit 1
    ;;
esac`;

// -C stands for a login from another host, so that Match blocks are looked at too. With -ddd sshd tells each line that
// it takes in, in order: the first of a keyword counts, unless a Match block says other, of which no line is named.
const effectiveBody = `
user=$1
shift
login="user=$user,host=groundwork,addr=198.18.255.2,laddr=198.18.255.1,lport=22"
effective=$(sshd -T -C "$login") || exit 1
origin() { # KEYWORD VALUE: prints FILE:LINE of the first line, where that sets it
  sshd -ddd -T -C "$login" 2>&1 >/dev/null | tr -d '\\r' | KEYWORD=$1 VALUE=$2 awk '
    $1 == "debug3:" && $3 == "setting" && tolower($4) == ENVIRON["KEYWORD"] {
      value = $5 == "prohibit-password" ? "without-password" : $5
      if (value == ENVIRON["VALUE"]) print $2
      exit
    }'
}
status=0
for wanted do
  printf '%s\\n' "$effective" | grep -qixF -- "$wanted" || {
    keyword=\${wanted%% *}
    found=$(printf '%s\\n' "$effective" | grep -i -m 1 -- "^$keyword ")
    found=\${found#* }
    place=$(origin "$keyword" "$found")
    echo "$keyword is \${found:-not set} instead of \${wanted#* }\${place:+, because of $place: sshd takes the first value it reads; take that line away and reload ssh.service}"
    status=1
  }
done
[ "$status" -ne 0 ] || echo "$# settings are effective for $user"
exit "$status"`;

/** Passes when the server neither offers nor takes a password; it is really tried, with the pinned host key. */
export function sshRefusesPassword(name: string, endpoint: pulumi.Input<SshEndpoint>): CheckInput {
  return { name, run: pulumi.output(endpoint).apply(sshRefusesPasswordScript) };
}

/** Passes when `sshd -T` shows every setting for a login of `user`: lines such as `passwordauthentication no`. */
export function sshdEffective(name: string, user: pulumi.Input<string>, settings: string[]): CheckInput {
  return { name, run: pulumi.output(user).apply((known) => sshdEffectiveScript(known, settings)) };
}

export const sshRefusesPasswordScript = ({ address, port, user, hostKey }: SshEndpoint): string =>
  script(refusalBody, address, port, user, hostKey);
export const sshdEffectiveScript = (user: string, settings: string[]): string =>
  script(effectiveBody, user, ...settings);
