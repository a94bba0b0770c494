import { renderToml } from "./toml.ts";

/** Who makes a container's cgroup: systemd, or the runtime itself. It has to be the same for kubelet. */
export type CgroupDriver = "systemd" | "cgroupfs";

/** What containerd is configured by. */
export interface ContainerdSettings {
  /** Folder of images, snapshots and containers. */
  rootFolder: string;
  cgroupDriver: CgroupDriver;
  /** Image of every pod's sandbox. */
  sandboxImage: string;
  /** Give a container the score of containerd instead of failing where a lower one is not allowed. */
  restrictOomScoreAdj: boolean;
}

/** Folder of the programs that make pod networks. */
export const cniProgramFolder = "/opt/cni/bin";
/** Folder of the pod network's configuration. */
export const cniConfigurationFolder = "/etc/cni/net.d";
/** Folder of one `hosts.toml` for each registry. */
export const registryFolder = "/etc/containerd/certs.d";
export const containerdSocket = "/run/containerd/containerd.sock";

const images = "io.containerd.cri.v1.images";
const runtime = "io.containerd.cri.v1.runtime";

/** `/etc/containerd/config.toml`, configuration version 3 (containerd 2). */
export function containerdConfiguration(settings: ContainerdSettings): string {
  return renderToml({
    version: 3,
    root: settings.rootFolder,
    state: "/run/containerd",
    imports: ["/etc/containerd/conf.d/*.toml"],
    grpc: { address: containerdSocket },
    plugins: {
      [images]: {
        snapshotter: "overlayfs",
        pinned_images: { sandbox: settings.sandboxImage },
        registry: { config_path: registryFolder },
      },
      [runtime]: {
        restrict_oom_score_adj: settings.restrictOomScoreAdj,
        cni: { bin_dirs: [cniProgramFolder], conf_dir: cniConfigurationFolder },
        containerd: {
          default_runtime_name: "runc",
          runtimes: {
            runc: {
              runtime_type: "io.containerd.runc.v2",
              options: {
                BinaryName: "/usr/local/bin/runc",
                SystemdCgroup: settings.cgroupDriver === "systemd",
              },
            },
          },
        },
      },
    },
  });
}

/** containerd's unit, after the one that its authors publish. Containers outlive a restart (KillMode=process). */
export const containerdUnit = `[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target local-fs.target

[Service]
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`;
