import type { Check } from "../../provider/index.ts";
import { script } from "./script.ts";

// cat, because the shell's own read takes one byte at a time, which /proc/sys does not serve.
// The present value is written, because neither owner nor mode tells what a mount or a missing privilege refuses.
const body = `
cd /proc/sys || exit 0
remedy=$1
shift
network='' kernel=''
for setting; do
  file=\${setting%%=*}
  value=$(cat "$file" 2>/dev/null) || continue
  [ "$value" = "\${setting#*=}" ] || { printf '%s\\n' "$value" >"$file"; } 2>/dev/null || {
    echo "/proc/sys/$file is $value, \${setting#*=} is wanted, and it cannot be written here"
    case $file in net/*) network=yes ;; *) kernel=yes ;; esac
  }
done
[ -z "$kernel" ] || printf 'a container has these settings of its host: set them there%s\\n' "$remedy"
[ -z "$network" ] || echo 'give the container a network of its own and a /proc/sys/net that can be written'
[ -z "$kernel$network" ]`;

/**
 * Passes when each kernel setting either is as wanted already or can be written; names each that is in the way. One
 * that this kernel does not know is its item's to tell.
 * @param wanted settings by name, such as `net.ipv4.ip_forward`
 * @param remedy what else helps in a container, after `set them there`; empty for nothing
 */
export function settingsWritable(wanted: readonly (readonly [string, string])[], remedy: string): Check {
  return { name: "kernel settings can be written", run: settingsWritableScript(wanted, remedy) };
}

export const settingsWritableScript = (
  wanted: readonly (readonly [string, string])[],
  remedy: string,
): string => script(body, remedy, ...wanted.map(([name, value]) => `${name.replaceAll(".", "/")}=${value}`));
