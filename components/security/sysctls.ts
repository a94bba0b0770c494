import type { ItemInput } from "../../provider/index.ts";
import { script } from "../checks/index.ts";

/**
 * Settings of the network, which every machine has for itself. Loose reverse-path filtering, because pods and guests
 * are routed. IPv6 redirects of interfaces that are up already are dropped by the firewall.
 */
const network: [string, string][] = [
  ["net.ipv4.conf.all.rp_filter", "2"],
  ["net.ipv4.conf.default.rp_filter", "2"],
  ["net.ipv4.conf.all.accept_redirects", "0"],
  ["net.ipv4.conf.default.accept_redirects", "0"],
  ["net.ipv4.conf.all.secure_redirects", "0"],
  ["net.ipv4.conf.default.secure_redirects", "0"],
  ["net.ipv4.conf.all.send_redirects", "0"],
  ["net.ipv4.conf.default.send_redirects", "0"],
  ["net.ipv4.conf.all.accept_source_route", "0"],
  ["net.ipv4.conf.default.accept_source_route", "0"],
  ["net.ipv4.icmp_echo_ignore_broadcasts", "1"],
  ["net.ipv4.icmp_ignore_bogus_error_responses", "1"],
  ["net.ipv4.tcp_syncookies", "1"],
  ["net.ipv6.conf.all.accept_redirects", "0"],
  ["net.ipv6.conf.default.accept_redirects", "0"],
  ["net.ipv6.conf.all.accept_source_route", "0"],
  ["net.ipv6.conf.default.accept_source_route", "0"],
];

/**
 * Settings of the kernel, which containers share with their host. `kernel.unprivileged_bpf_disabled` is missing on
 * purpose: its value 1 cannot be taken back, and Debian's own default already refuses.
 */
const kernel: [string, string][] = [
  ["kernel.kptr_restrict", "2"],
  ["kernel.dmesg_restrict", "1"],
  ["fs.protected_hardlinks", "1"],
  ["fs.protected_symlinks", "1"],
  ["fs.protected_fifos", "2"],
  ["fs.protected_regular", "2"],
  ["fs.suid_dumpable", "0"],
];

/** Ubuntu's crash reporter sets `fs.suid_dumpable` to 2 at every boot, after the drop-ins were read. */
const noCrashReporter: ItemInput = {
  kind: "command",
  name: "no crash reporter changes kernel settings at boot",
  unless: "! systemctl is-enabled --quiet apport.service 2>/dev/null",
  run: "systemctl disable --now apport.service",
  undo: "systemctl enable --now apport.service",
};

/**
 * Succeeds when each of `PATH=VALUE` under /proc/sys either is so already or can be written; says what is in the way. A
 * setting that this kernel does not know is its item's to tell.
 */
const everySettingIsWritable = `
cd /proc/sys || exit 0
network='' kernel=''
for setting; do
  file=\${setting%%=*}
  { read -r value <"$file"; } 2>/dev/null || continue
  [ "$value" = "\${setting#*=}" ] || [ -w "$file" ] || {
    echo "/proc/sys/$file is $value, \${setting#*=} is wanted, and it cannot be written here"
    case $file in net/*) network=yes ;; *) kernel=yes ;; esac
  }
done
[ -z "$kernel" ] || echo 'a container has these settings of its host: set them there, and streams.alpha.kernelSysctls: false here'
[ -z "$network" ] || echo 'give the container a network of its own and a /proc/sys/net that can be written'
[ -z "$kernel$network" ]`;

/** The guard's script for the settings of {@link sysctlItems}. */
export function settingsCanBeWritten(withKernel: boolean): string {
  const wanted = withKernel ? [...network, ...kernel] : network;
  return script(
    everySettingIsWritable,
    ...wanted.map(([name, value]) => `${name.replaceAll(".", "/")}=${value}`),
  );
}

const settings = (pairs: [string, string][]): ItemInput[] =>
  pairs.map(([name, value]) => ({ kind: "sysctl", name, value }));

/** Hardened kernel settings; those that a container cannot write only with `withKernel`. */
export const sysctlItems = (withKernel: boolean): ItemInput[] =>
  withKernel ? [...settings(network), noCrashReporter, ...settings(kernel)] : settings(network);
