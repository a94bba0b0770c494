import type { ClusterSettings } from "../clusterSettings.ts";
import { declaredLabel } from "../membership.ts";
import { yamlText } from "../yamlText.ts";
import { paths } from "./paths.ts";

/** kubelet's settings that we care about; the rest is kubeadm's. Source: kubelet.config.k8s.io/v1beta1 */
export function kubeletConfiguration(settings: ClusterSettings): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    cgroupDriver: settings.cgroupDriver,
    ...(settings.allowCgroupV1 ? { failCgroupV1: false } : {}),
    failSwapOn: !settings.allowSwap,
    protectKernelDefaults: true,
    // kube-proxy and the pod network speak nftables: nobody needs kubelet's iptables chains.
    makeIPTablesUtilChains: false,
    readOnlyPort: 0,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true } },
    authorization: { mode: "Webhook" },
    rotateCertificates: true,
    seccompDefault: true,
    podPidsLimit: 4096,
    kubeReserved: { cpu: "100m", memory: "128Mi" },
    systemReserved: { cpu: "100m", memory: "128Mi" },
    evictionHard: {
      "memory.available": "100Mi",
      "nodefs.available": "5%",
      "nodefs.inodesFree": "5%",
      "imagefs.available": "5%",
    },
    containerLogMaxSize: "10Mi",
    containerLogMaxFiles: 3,
  };
}

/** kubelet reads this over what kubeadm wrote: a change here takes effect without kubeadm. */
export const kubeletDropIn = (settings: ClusterSettings): string => yamlText(kubeletConfiguration(settings));

/** kubelet's unit, as its packages have it. */
export const kubeletUnit = `[Unit]
Description=kubelet: the Kubernetes node agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target containerd.service
After=network-online.target containerd.service
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/bin/kubelet
Restart=always
RestartSec=2
CPUAccounting=true
MemoryAccounting=true

[Install]
WantedBy=multi-user.target
`;

/** The drop-in with which kubelet finds what kubeadm wrote for it. Source: kubeadm's 10-kubeadm.conf */
export const kubeletUnitDropIn = (address: string): string => `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=${paths.kubeletIdentity}"
Environment="KUBELET_CONFIG_ARGS=--config=${paths.kubeletFolder}/config.yaml --config-dir=${paths.kubeletDropIns}"
EnvironmentFile=-${paths.kubeletFolder}/kubeadm-flags.env
ExecStart=
ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS --node-ip=${address} --node-labels=${declaredLabel}=yes
`;
