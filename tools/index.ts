/** Gets the programs, container images and Debian packages that Groundwork needs, into a cache outside the repository. */
export { ensureEntry } from "./cacheEntry.ts";
export { type EnsureImagesOptions, ensureContainerImages, type ReadyImage } from "./containerImages.ts";
export { ensureDebianPackages, isDebian } from "./debianPackages.ts";
export { type EnsureOptions, ensurePrograms, hostArchitecture, type ReadyProgram } from "./ensurePrograms.ts";
export { type Progress, type ProgressEvent, plainProgress, reporting } from "./progress.ts";
