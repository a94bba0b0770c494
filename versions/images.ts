import { bundles, type ProgramName } from "./programs.ts";

/** A container image that Groundwork makes itself, for machines that reach no registry. */
export interface ImageDefinition {
  /** The name under which kubeadm (`kubeadm config images list`) or a manifest of ours asks for it. */
  readonly reference: string;
  /** Program to its place in the image. */
  readonly programs: Readonly<Partial<Record<ProgramName, string>>>;
  /**
   * Programs that are taken, with the libraries they need, out of a Debian root file system: one of the release that
   * the machine runs. nft up to 1.1.1 dies of any set that nft 1.1.2 or newer made, so that both nfts of a machine, its
   * own and kube-proxy's, have to be of one side. kubernetes/kubernetes#136786
   */
  readonly debianPrograms?: readonly string[];
  /** Absent: the one who starts a container names the program. */
  readonly entrypoint?: readonly string[];
}

const kubernetesImage = (program: ProgramName, more: Partial<ImageDefinition> = {}): ImageDefinition => ({
  reference: `registry.k8s.io/${program}:v${bundles.kubernetes.version}`,
  programs: { [program]: `/usr/local/bin/${program}` },
  ...more,
});

/**
 * The images of a cluster that kubeadm of our version makes.
 * Tags are kubeadm's; etcd and CoreDNS inside are of the versions in the table of programs.
 */
export const images = {
  "kube-apiserver": kubernetesImage("kube-apiserver"),
  "kube-controller-manager": kubernetesImage("kube-controller-manager"),
  "kube-scheduler": kubernetesImage("kube-scheduler"),
  "kube-proxy": kubernetesImage("kube-proxy", { debianPrograms: ["/usr/sbin/nft", "/usr/sbin/conntrack"] }),
  etcd: {
    reference: "registry.k8s.io/etcd:3.6.8-0",
    programs: { etcd: "/usr/local/bin/etcd", etcdctl: "/usr/local/bin/etcdctl" },
  },
  coredns: {
    reference: "registry.k8s.io/coredns/coredns:v1.14.2",
    programs: { coredns: "/coredns" },
    entrypoint: ["/coredns"],
  },
  pause: {
    reference: "registry.k8s.io/pause:3.10.2",
    programs: { pause: "/pause" },
    entrypoint: ["/pause"],
  },
  /** For test pods: a shell, wget, nslookup and an HTTP server (busybox). */
  probe: { reference: "groundwork.local/probe:1", programs: {} },
} as const satisfies Record<string, ImageDefinition>;

export type ImageName = keyof typeof images;
