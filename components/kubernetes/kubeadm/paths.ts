/** Files of a node that kubeadm makes; where kubeadm and kubelet agree on them, they are not ours to choose. */
export const paths = {
  folder: "/etc/kubernetes",
  configuration: "/etc/kubernetes/kubeadm.yaml",
  patches: "/etc/kubernetes/patches",
  manifests: "/etc/kubernetes/manifests",
  certificates: "/etc/kubernetes/pki",
  authority: "/etc/kubernetes/pki/ca.crt",
  adminConfiguration: "/etc/kubernetes/admin.conf",
  kubeletIdentity: "/etc/kubernetes/kubelet.conf",
  kubeletCertificate: "/var/lib/kubelet/pki/kubelet-client-current.pem",
  kubeletFolder: "/var/lib/kubelet",
  kubeletDropIns: "/etc/kubernetes/kubelet.d",
  etcdFolder: "/var/lib/etcd",
  apiServerFiles: "/etc/kubernetes/apiserver",
  encryptionFolder: "/etc/kubernetes/encryption",
  encryption: "/etc/kubernetes/encryption/configuration.yaml",
  logs: "/var/log/kubernetes",
  auditLog: "/var/log/kubernetes/audit.log",
} as const;

export const criSocket = "unix:///run/containerd/containerd.sock";
