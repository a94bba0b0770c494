import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { ItemInput } from "../../provider/index.ts";
import { fields as field } from "../../provider/index.ts";
import { images as knownImages, type ProgramName } from "../../versions/index.ts";
import { checkedArgs } from "../checkedArgs.ts";
import { architectureIs } from "../checks/index.ts";
import type { Machine } from "../machine.ts";
import { type HostSpec, Stream, type StreamArgs } from "../stream.ts";
import { type ArtifactCatalogue, programItem } from "./artifacts.ts";
import {
  type CgroupDriver,
  cniProgramFolder,
  containerdConfiguration,
  containerdUnit,
} from "./containerdConfiguration.ts";
import { type ContainerImage, imageItems } from "./containerImages.ts";
import { probeImage } from "./probeImage.ts";
import { type RegistryMirror, registryFiles } from "./registryMirrors.ts";
import { containerRuns, imagesAreReady, runtimeAnswers, settingsAreEffective } from "./runtimeChecks.ts";

export interface ContainerRuntimeArgs extends StreamArgs {
  /** Machines that run containers. */
  machines: Machine[];
  /** Where programs come from. Default: their publishers, at the versions and digests of the table of versions. */
  artifacts?: ArtifactCatalogue;
  /** Who makes containers' cgroups: `systemd`, or `cgroupfs` where systemd does not own them. Default `systemd`. */
  cgroupDriver?: CgroupDriver;
  /** Folder of images, snapshots and containers. Default `/var/lib/containerd`. */
  rootFolder?: string;
  /**
   * Gives a container containerd's own score where a lower oom_score_adj is not allowed, as inside another container,
   * instead of failing. Default false.
   */
  restrictOomScoreAdj?: boolean;
  /** Image of every pod's sandbox. Default: the one that our Kubernetes version expects. */
  sandboxImage?: string;
  /** Other places for the images of registries. Default: none. */
  registryMirrors?: RegistryMirror[];
  /** Images that machines have before anything asks for them, never collected as garbage. Default: none. */
  images?: ContainerImage[];
  /** Image with a shell, started by the Gate. Default: busybox of the Kubernetes project, by digest. */
  probeImage?: string;
}

/**
 * Bravo: containerd with runc and the plugins of pod networks, configured for Kubernetes, on every machine.
 * Its Gate opens when containerd answers with the settings that were asked for and a container really runs.
 * Errors: GW101, and those of HostState and Gate. Source: containerd docs/cri/config.md
 */
export class ContainerRuntime extends Stream {
  constructor(name: string, args: ContainerRuntimeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("groundwork:index:ContainerRuntime", name, args, opts);
    const settings = checkedArgs(name, settingsSchema, args);
    for (const machine of args.machines) {
      const images = imagesFor(machine, args.images ?? []);
      this.host(machine, runtimeOf(machine, images, settings, args.artifacts));
      this.check(machine, settingsAreEffective(settings));
      if (images.length > 0) this.check(machine, imagesAreReady(images));
      this.check(machine, containerRuns(settings.probeImage));
    }
    this.gate = this.closeGate();
    this.registerOutputs({ gate: this.gate });
  }
}

const imageName = z.string().regex(/^[a-z0-9][A-Za-z0-9._:/@-]*$/, { error: "must be an image name" });

const settingsSchema = z.object({
  machines: z.array(z.unknown()).min(1, { error: "must hold at least one machine" }),
  cgroupDriver: z
    .enum(["systemd", "cgroupfs"], { error: "must be `systemd` or `cgroupfs`" })
    .default("systemd"),
  rootFolder: field.path.default("/var/lib/containerd"),
  sandboxImage: imageName.default(knownImages.pause.reference),
  restrictOomScoreAdj: z.boolean().default(false),
  probeImage: imageName.default(probeImage),
  registryMirrors: z
    .array(
      z.strictObject({
        registry: z.string().regex(/^[a-z0-9][a-z0-9.-]*(:\d+)?$/, {
          error: "must be a registry's host, with a port where it has one, such as `docker.io`",
        }),
        mirrors: z.array(z.url({ protocol: /^https?$/ })).min(1),
        authority: field.path.optional(),
        only: z.boolean().optional(),
      }),
    )
    .default([]),
  images: z
    .array(
      z
        .object({ name: imageName, archive: z.object({ sha256: field.sha256 }).optional() })
        .refine((image) => image.archive !== undefined || /@sha256:[0-9a-f]{64}$/.test(image.name), {
          error: "must end in `@sha256:…`, or have an archive: nothing unpinned is pulled",
          path: ["name"],
        }),
    )
    .default([]),
});

type Settings = z.infer<typeof settingsSchema>;

/** Programs and where they go. */
const programPaths: Partial<Record<ProgramName, string>> = {
  containerd: "/usr/local/bin/containerd",
  "containerd-shim-runc-v2": "/usr/local/bin/containerd-shim-runc-v2",
  ctr: "/usr/local/bin/ctr",
  runc: "/usr/local/bin/runc",
  bridge: `${cniProgramFolder}/bridge`,
  "host-local": `${cniProgramFolder}/host-local`,
  loopback: `${cniProgramFolder}/loopback`,
  portmap: `${cniProgramFolder}/portmap`,
};

/** A change of these takes effect with a restart; shim and runc are started anew for each container. */
const restartOn = [
  "file:/etc/containerd/config.toml",
  "unit:containerd.service",
  "download:/usr/local/bin/containerd",
];

function runtimeOf(
  machine: Machine,
  images: ContainerImage[],
  settings: Settings,
  artifacts?: ArtifactCatalogue,
): HostSpec {
  return {
    guards: [architectureIs(machine)],
    items: [
      ...programItems(machine, artifacts),
      { kind: "stateDirectory", path: settings.rootFolder },
      { kind: "file", path: "/etc/containerd/config.toml", content: containerdConfiguration(settings) },
      ...mirrorItems(settings.registryMirrors),
      { kind: "unit", name: "containerd.service", content: containerdUnit },
      { kind: "service", unit: "containerd.service", restartOn },
      ...imageItems(images),
    ],
    checks: [runtimeAnswers],
  };
}

const programItems = (machine: Machine, artifacts?: ArtifactCatalogue): ItemInput[] =>
  Object.entries(programPaths).map(([program, path]) =>
    programItem(program as ProgramName, path, machine, artifacts),
  );

const mirrorItems = (mirrors: readonly RegistryMirror[]): ItemInput[] =>
  registryFiles(mirrors).map((file) => ({ kind: "file", ...file }));

const imagesFor = (machine: Machine, images: readonly ContainerImage[]): ContainerImage[] =>
  images.filter(
    ({ roles, machines }) =>
      (roles?.some((role) => machine.roles.includes(role)) ?? true) &&
      (machines?.includes(machine.name) ?? true),
  );
