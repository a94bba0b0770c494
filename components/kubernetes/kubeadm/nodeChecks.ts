import type { Check } from "../../../provider/index.ts";
import { quote } from "../../../provider/index.ts";
import { paths } from "./paths.ts";

/** kubelet would refuse to start on a machine with swap. */
export const swapIsOff: Check = {
  name: "swap is off",
  run: `if [ "$(wc -l </proc/swaps)" -gt 1 ]; then
  cat /proc/swaps
  echo 'turn it off (swapoff -a, and its line in /etc/fstab), or allow it with allowSwap'
  exit 1
fi
echo 'no swap'
`,
};

/** This server's own API says that it is ready. */
export const apiServerIsReady: Check = {
  name: "the API server is ready",
  run: `kubectl --kubeconfig ${quote(paths.adminConfiguration)} --request-timeout 10s get --raw /readyz\n`,
  within: 120,
};

export const kubeletIsHealthy: Check = {
  name: "kubelet is healthy",
  run: "curl --silent --show-error --fail --max-time 5 http://127.0.0.1:10248/healthz\n",
  within: 60,
};
