import type { Check, ItemInput } from "../../provider/index.ts";
import { quote } from "../../provider/index.ts";
import { settingsWritable } from "../checks/index.ts";

/** Kernel modules that Kubernetes needs, with a file or a line that shows that the kernel can do it, built in or not. */
const modules = {
  overlay: "grep -qw overlay /proc/filesystems",
  br_netfilter: "test -e /proc/sys/net/bridge/bridge-nf-call-iptables",
} as const;

/** Settings of a network namespace. */
const networkSettings = {
  "net.ipv4.ip_forward": "1",
  // Answers of a Service's pod to a pod on the same bridge have to come back through address translation.
  "net.bridge.bridge-nf-call-iptables": "1",
  "net.bridge.bridge-nf-call-ip6tables": "1",
};

/** Settings of the whole kernel that kubelet insists on (protectKernelDefaults). */
const kubeletSettings = {
  "vm.overcommit_memory": "1",
  "vm.panic_on_oom": "0",
  "kernel.panic": "10",
  "kernel.panic_on_oops": "1",
  "kernel.keys.root_maxkeys": "1000000",
  "kernel.keys.root_maxbytes": "25000000",
};

/** Watches enough for many pods. */
const watches = {
  "fs.inotify.max_user_instances": "8192",
  "fs.inotify.max_user_watches": "524288",
};

/** Of a network namespace, and with `shared` of the whole kernel. */
const settings = (shared: boolean): [name: string, value: string][] =>
  Object.entries({ ...networkSettings, ...(shared ? { ...kubeletSettings, ...watches } : {}) });

/** The guard of {@link kernelItems}. */
export const kernelCanBeSet = (shared: boolean): Check => settingsWritable(settings(shared), "");

/** What the kernel of a node needs: modules now and at boot, then settings, some of which exist only with a module. */
export function kernelItems(shared: boolean): ItemInput[] {
  const names = Object.keys(modules);
  const tests = Object.values(modules);
  return [
    {
      kind: "file",
      path: "/etc/modules-load.d/groundwork-kubernetes.conf",
      content: names.map((name) => `${name}\n`).join(""),
    },
    {
      kind: "command",
      name: "kernel modules of Kubernetes",
      run: `set -eu\nmodprobe -a ${names.map(quote).join(" ")}\n`,
      unless: `${tests.join(" &&\n  ")}\n`,
      // A module that nothing uses does no harm, and somebody else may have come to need it.
      undo: ":\n",
      timeLimit: 30,
    },
    ...settings(shared).map(([name, value]): ItemInput => ({ kind: "sysctl", name, value })),
  ];
}

/** Where these settings are the host's business: kubelet would not start, and say so in its log alone. */
export const kernelIsReady: Check = {
  name: "the kernel is set as kubelet demands",
  run: `status=0
while read -r name value; do
  found=$(cat "/proc/sys/$(echo "$name" | tr . /)")
  [ "$found" = "$value" ] || {
    echo "$name is $found, kubelet demands $value"
    status=1
  }
done <<'END'
${Object.entries(kubeletSettings)
  .map(([name, value]) => `${name} ${value}`)
  .join("\n")}
END
exit $status
`,
};
