import type { Check, ItemInput } from "../../provider/index.ts";
import { settingsWritable } from "../checks/index.ts";

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

/** The guard of {@link sysctlItems}. */
export const settingsCanBeWritten = (withKernel: boolean): Check =>
  settingsWritable(
    withKernel ? [...network, ...kernel] : network,
    ", and streams.alpha.kernelSysctls: false here",
  );

const settings = (pairs: [string, string][]): ItemInput[] =>
  pairs.map(([name, value]) => ({ kind: "sysctl", name, value }));

/** Hardened kernel settings; those that a container cannot write only with `withKernel`. */
export const sysctlItems = (withKernel: boolean): ItemInput[] =>
  withKernel ? [...settings(network), noCrashReporter, ...settings(kernel)] : settings(network);
