/** The processor architectures that Groundwork builds for, as Go and Debian name them. */
export type Architecture = "amd64" | "arm64";

/** A file of a publisher's release, with the digest that the publisher gives for it. */
export interface OfficialDownload {
  readonly url: string;
  /** Of the file at `url`, in lower-case hexadecimal. */
  readonly sha256: string;
  /** Program to its path in the archive; for a download that is the program itself, the path is empty. */
  readonly members: Readonly<Record<string, string>>;
}

/** Programs that are built together from one `go.mod` under `tools/`. */
export interface GoModule {
  /** The folder under `tools/`; its `go.mod` names the module and the version, its `go.sum` the digests. */
  readonly folder: string;
  /** The module whose version in `go.mod` is the bundle's version, `v` put before it. */
  readonly module: string;
  /** That version where it is not the bundle's own. */
  readonly moduleVersion?: string;
  /** Program to the Go package that it is built from. */
  readonly packages: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  /** Go variables that the linker sets. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Linked statically against C libraries; without it the program is pure Go. */
  readonly cgo?: boolean;
}

/** Programs that are downloaded or built, kept and replaced together. */
export interface BundleDefinition {
  readonly version: string;
  /** `host`: runs on the machine that runs Groundwork; `linux`: runs on the machines it sets up. */
  readonly platform: "host" | "linux";
  readonly programs: readonly string[];
  /** Absent where the publisher's digest is not known: then only the Go module route is taken. */
  readonly official?: Readonly<Partial<Record<Architecture, readonly OfficialDownload[]>>>;
  readonly modules?: readonly GoModule[];
  /** A C program `tools/FOLDER/FOLDER.c`, linked statically. */
  readonly c?: string;
  /** What a build from source needs besides Go. */
  readonly debianPackages?: readonly string[];
  /** Disk space that a build from source needs with empty Go caches, in MiB. */
  readonly diskMiB: number;
  /** What a build from source takes with empty Go caches on two cores, in seconds. */
  readonly usualSeconds: number;
}

const pulumi = "3.259.0";
const kubernetes = "1.36.3";
const containerd = "2.3.4";
const runc = "1.5.1";
const cni = "1.9.1";
const etcd = "3.7.1";
const coredns = "1.14.3";

const [major = "", minor = ""] = kubernetes.split(".");
const kubernetesVariables = {
  "k8s.io/component-base/version.gitVersion": `v${kubernetes}`,
  "k8s.io/component-base/version.gitMajor": major,
  "k8s.io/component-base/version.gitMinor": minor,
  "k8s.io/client-go/pkg/version.gitVersion": `v${kubernetes}`,
};

const kubernetesPackages = (...programs: string[]) =>
  Object.fromEntries(programs.map((program) => [program, `k8s.io/kubernetes/cmd/${program}`]));

const kubernetesDownload = (
  architecture: Architecture,
  program: string,
  sha256: string,
): OfficialDownload => ({
  url: `https://dl.k8s.io/v${kubernetes}/bin/linux/${architecture}/${program}`,
  sha256,
  members: { [program]: "" },
});

const containerdDownload = (architecture: Architecture, sha256: string): OfficialDownload => ({
  url: `https://github.com/containerd/containerd/releases/download/v${containerd}/containerd-static-${containerd}-linux-${architecture}.tar.gz`,
  sha256,
  members: {
    containerd: "bin/containerd",
    "containerd-shim-runc-v2": "bin/containerd-shim-runc-v2",
    ctr: "bin/ctr",
  },
});

const runcDownload = (architecture: Architecture, sha256: string): OfficialDownload => ({
  url: `https://github.com/opencontainers/runc/releases/download/v${runc}/runc.${architecture}`,
  sha256,
  members: { runc: "" },
});

const cniPlugins = ["bridge", "host-local", "loopback", "portmap", "ptp"] as const;

const cniDownload = (architecture: Architecture, sha256: string): OfficialDownload => ({
  url: `https://github.com/containernetworking/plugins/releases/download/v${cni}/cni-plugins-linux-${architecture}-v${cni}.tgz`,
  sha256,
  members: Object.fromEntries(cniPlugins.map((plugin) => [plugin, plugin])),
});

/**
 * What Groundwork runs, in the order in which it is got (the engine first: everything waits for it).
 *
 * Where the official digests come from (none was compared with a download when it was written down):
 * - kubeadm, kubelet, kubectl, containerd, CNI plugins, both architectures: Kubespray's table of 2026-08-21 has the same.
 * - runc, both architectures, and etcd on amd64: Kubespray has not these versions. For each file, five or more other
 *   public projects that pin it have the same; some of them name the publisher's own list as their source.
 * What differs from its digest is thrown away; on this computer the program is then built from its module.
 * None is known, and there is thus no official route, for: pulumi, the four programs of the control plane, coredns,
 * etcd on arm64.
 */
export const bundles = {
  /** The engine and its language host, in one folder because the engine looks for the host beside itself. */
  pulumi: {
    version: pulumi,
    platform: "host",
    programs: ["pulumi", "pulumi-language-nodejs"],
    modules: [
      {
        folder: "pulumi",
        module: "github.com/pulumi/pulumi/pkg/v3",
        packages: { pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
        tags: ["osusergo", "grpcnotrace"],
        // Without a version the Automation API refuses the engine.
        variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${pulumi}` },
      },
      {
        folder: "pulumi-language-nodejs",
        module: "github.com/pulumi/pulumi/sdk/v3",
        // The newest version that still holds the language host; it runs programs of the engine's version.
        moduleVersion: "3.50.0",
        packages: {
          "pulumi-language-nodejs": "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
        },
        variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${pulumi}` },
      },
    ],
    diskMiB: 4000,
    usualSeconds: 180,
  },
  containerd: {
    version: containerd,
    platform: "linux",
    programs: ["containerd", "containerd-shim-runc-v2", "ctr"],
    official: {
      amd64: [
        containerdDownload("amd64", "1d0eccd52471ab75e8d4645b538f73dc635f905cd2be776366eb1036a0089595"),
      ],
      arm64: [
        containerdDownload("arm64", "ad21f456a69bca9c183a8bde892a7576d5d09ae88b3e376a47bde4a886037ab3"),
      ],
    },
    modules: [
      {
        folder: "containerd",
        module: "github.com/containerd/containerd/v2",
        packages: {
          containerd: "github.com/containerd/containerd/v2/cmd/containerd",
          "containerd-shim-runc-v2": "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
          ctr: "github.com/containerd/containerd/v2/cmd/ctr",
        },
        tags: ["no_btrfs", "netgo", "osusergo"],
        variables: { "github.com/containerd/containerd/v2/version.Version": `v${containerd}` },
      },
    ],
    diskMiB: 1500,
    usualSeconds: 50,
  },
  runc: {
    version: runc,
    platform: "linux",
    programs: ["runc"],
    official: {
      amd64: [runcDownload("amd64", "177df879d50c913eb205e898d5c1c05a18f574053c0ce5524c471208eaf06f6f")],
      arm64: [runcDownload("arm64", "ca70e7dbd6616ca782a59b5d3ac86909123fdaa9fa3f89dcf29051c70eee7ce9")],
    },
    modules: [
      {
        folder: "runc",
        module: "github.com/opencontainers/runc",
        packages: { runc: "github.com/opencontainers/runc" },
        tags: ["seccomp", "netgo", "osusergo"],
        cgo: true,
      },
    ],
    debianPackages: ["gcc", "libc6-dev", "libseccomp-dev", "pkg-config"],
    diskMiB: 500,
    usualSeconds: 10,
  },
  "cni-plugins": {
    version: cni,
    platform: "linux",
    programs: cniPlugins,
    official: {
      amd64: [cniDownload("amd64", "b98f74a0f8522f0a83867178729c1aa70f2158f90c45a2ca8fa791db1c76b303")],
      arm64: [cniDownload("arm64", "56171987d3947707c3563db2f4001bccaf50fd63468611b9f3cbecb1375ee7ec")],
    },
    modules: [
      {
        folder: "cni-plugins",
        module: "github.com/containernetworking/plugins",
        packages: {
          bridge: "github.com/containernetworking/plugins/plugins/main/bridge",
          "host-local": "github.com/containernetworking/plugins/plugins/ipam/host-local",
          loopback: "github.com/containernetworking/plugins/plugins/main/loopback",
          portmap: "github.com/containernetworking/plugins/plugins/meta/portmap",
          ptp: "github.com/containernetworking/plugins/plugins/main/ptp",
        },
        variables: {
          "github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion": `v${cni}`,
        },
      },
    ],
    diskMiB: 300,
    usualSeconds: 5,
  },
  /** What runs on a node itself. */
  kubernetes: {
    version: kubernetes,
    platform: "linux",
    programs: ["kubeadm", "kubelet", "kubectl"],
    official: {
      amd64: [
        kubernetesDownload(
          "amd64",
          "kubeadm",
          "bba1733c701bf70ec74ba1cc3fd5745404c1134a8a4b0a5f8560cc9832023421",
        ),
        kubernetesDownload(
          "amd64",
          "kubelet",
          "46707a53209f826ad0f0d62371ac69cd00e78fd9a8176cf5f6f87f18f7f8b718",
        ),
        kubernetesDownload(
          "amd64",
          "kubectl",
          "ebbd080e7c2e275093b55915722043257eb24004363e20acb3c4d71919f88336",
        ),
      ],
      arm64: [
        kubernetesDownload(
          "arm64",
          "kubeadm",
          "276cfbdc43b10fef663288cc1ed76abf77b1b7f700e9f1c053cb5dc3115484de",
        ),
        kubernetesDownload(
          "arm64",
          "kubelet",
          "57205a5daf5883873d87b4914e1e00bdd7707acd075714788cfb0fc1f60bc414",
        ),
        kubernetesDownload(
          "arm64",
          "kubectl",
          "3d86f24401c41ae5a46ac50eef8865fe891d3647d324a0836f6c63757a126e62",
        ),
      ],
    },
    modules: [
      {
        folder: "kubernetes",
        module: "k8s.io/kubernetes",
        packages: kubernetesPackages("kubeadm", "kubelet", "kubectl"),
        variables: kubernetesVariables,
      },
    ],
    diskMiB: 3500,
    usualSeconds: 180,
  },
  /** What runs in the pods that kubeadm starts. */
  "kubernetes-control-plane": {
    version: kubernetes,
    platform: "linux",
    programs: ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"],
    modules: [
      {
        folder: "kubernetes",
        module: "k8s.io/kubernetes",
        packages: kubernetesPackages(
          "kube-apiserver",
          "kube-controller-manager",
          "kube-scheduler",
          "kube-proxy",
        ),
        variables: kubernetesVariables,
      },
    ],
    diskMiB: 2000,
    usualSeconds: 100,
  },
  etcd: {
    version: etcd,
    platform: "linux",
    programs: ["etcd", "etcdctl"],
    official: {
      amd64: [
        {
          url: `https://github.com/etcd-io/etcd/releases/download/v${etcd}/etcd-v${etcd}-linux-amd64.tar.gz`,
          sha256: "e8cd3fa8064c98137c5dbd78b76f969417ace84efb83c481041d7a52ffdd8fb9",
          members: {
            etcd: `etcd-v${etcd}-linux-amd64/etcd`,
            etcdctl: `etcd-v${etcd}-linux-amd64/etcdctl`,
          },
        },
      ],
    },
    modules: [
      {
        folder: "etcd",
        module: "go.etcd.io/etcd/server/v3",
        packages: { etcd: "go.etcd.io/etcd/server/v3", etcdctl: "go.etcd.io/etcd/etcdctl/v3" },
      },
    ],
    diskMiB: 700,
    usualSeconds: 25,
  },
  coredns: {
    version: coredns,
    platform: "linux",
    programs: ["coredns"],
    modules: [
      {
        folder: "coredns",
        module: "github.com/coredns/coredns",
        packages: { coredns: "github.com/coredns/coredns" },
      },
    ],
    diskMiB: 2000,
    usualSeconds: 90,
  },
  /** The program of every pod's sandbox: it holds the namespaces and reaps orphans. */
  pause: {
    version: "1",
    platform: "linux",
    programs: ["pause"],
    c: "pause",
    debianPackages: ["gcc", "libc6-dev"],
    diskMiB: 10,
    usualSeconds: 1,
  },
} as const satisfies Record<string, BundleDefinition>;

export type BundleName = keyof typeof bundles;

/** A program that Groundwork gets by itself. */
export type ProgramName = (typeof bundles)[BundleName]["programs"][number];

/** A program's place in the table. */
export interface Program {
  readonly bundle: BundleName;
  readonly version: string;
}

const rows = (Object.entries(bundles) as [BundleName, BundleDefinition][]).flatMap(
  ([bundle, { programs, version }]) =>
    programs.map((program): [string, Program] => [program, { bundle, version }]),
);

/** Every program, by name. */
export const programs = Object.fromEntries(rows) as Readonly<Record<ProgramName, Program>>;
