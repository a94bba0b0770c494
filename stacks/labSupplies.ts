import { existsSync } from "node:fs";
import type * as pulumi from "@pulumi/pulumi";
import type { ClusterArgs, ContainerRuntimeArgs, SecurityBaselineArgs } from "../components/index.ts";
import type { Configuration } from "./configuration.ts";
import { type LabArtifacts, labImages, labPrograms, readLabArtifacts } from "./labArtifacts.ts";

/**
 * What streams are told about machines of the lab: they reach no registry, and they are containers, which share
 * kernel settings, swap and cgroups with this computer.
 */
export interface LabSupplies {
  security: Partial<SecurityBaselineArgs>;
  /** Errors: GW609. */
  runtime(): Partial<ContainerRuntimeArgs>;
  /** Errors: GW609. */
  cluster(): Partial<ClusterArgs>;
}

/** The lab's supplies; `url` is its artifact server. A stack without containers has no artifacts, and needs none. */
export function labSupplies(url: pulumi.Input<string>, { machines }: Configuration): LabSupplies {
  const shared = (shown: LabArtifacts) => ({
    artifacts: labPrograms(shown, url),
    probeImage: shown.images.find(({ image }) => image === "probe")?.reference,
    cgroupDriver: ownCgroups() ? ("systemd" as const) : ("cgroupfs" as const),
  });
  return {
    security: { kernelSysctls: false },
    runtime() {
      const shown = readLabArtifacts();
      return { ...shared(shown), images: labImages(shown, url, machines), restrictOomScoreAdj: true };
    },
    cluster: () => ({
      ...shared(readLabArtifacts()),
      kernelSysctls: false,
      allowSwap: true,
      allowCgroupV1: !ownCgroups(),
      ignorePreflightErrors: ["SystemVerification"],
    }),
  };
}

/** Whether systemd in a container owns its cgroups: with cgroup v1 it does not. */
function ownCgroups(): boolean {
  return existsSync("/sys/fs/cgroup/cgroup.controllers");
}
