import { existsSync } from "node:fs";
import type * as pulumi from "@pulumi/pulumi";
import type { ClusterArgs, ContainerRuntimeArgs, SecurityBaselineArgs } from "../components/index.ts";
import { labImages, labPrograms, readLabArtifacts } from "./labArtifacts.ts";

/**
 * What streams are told about machines of the lab: they reach no registry, and they are containers, which share
 * kernel settings, swap and cgroups with this computer.
 */
export interface LabSupplies {
  security: Partial<SecurityBaselineArgs>;
  runtime: Partial<ContainerRuntimeArgs>;
  cluster: Partial<ClusterArgs>;
}

/** The lab's supplies; `url` is its artifact server. Errors: GW609. */
export function labSupplies(url: pulumi.Input<string>): LabSupplies {
  const shown = readLabArtifacts();
  const artifacts = labPrograms(shown, url);
  const probeImage = shown.images.probe?.reference;
  const cgroupDriver = ownCgroups() ? "systemd" : "cgroupfs";
  return {
    security: { kernelSysctls: false },
    runtime: {
      artifacts,
      probeImage,
      cgroupDriver,
      images: labImages(shown, url),
      restrictOomScoreAdj: true,
    },
    cluster: {
      artifacts,
      probeImage,
      cgroupDriver,
      kernelSysctls: false,
      allowSwap: true,
      allowCgroupV1: !ownCgroups(),
      ignorePreflightErrors: ["SystemVerification"],
    },
  };
}

/** Whether systemd in a container owns its cgroups: with cgroup v1 it does not. */
function ownCgroups(): boolean {
  return existsSync("/sys/fs/cgroup/cgroup.controllers");
}
