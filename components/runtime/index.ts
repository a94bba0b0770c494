/** Bravo: what runs containers. */
export { type Artifact, type ArtifactCatalogue, artifactOf, programItem } from "./artifacts.ts";
export { type CgroupDriver, cniConfigurationFolder } from "./containerdConfiguration.ts";
export type { ContainerImage } from "./containerImages.ts";
export { ContainerRuntime, type ContainerRuntimeArgs } from "./containerRuntime.ts";
export { probeImage } from "./probeImage.ts";
export type { RegistryMirror } from "./registryMirrors.ts";
