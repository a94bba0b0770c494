/**
 * Every version and digest that Groundwork pins, in one place.
 * A program is either downloaded from its publisher (checked by sha256) or built from its Go module.
 */
export { type ImageDefinition, type ImageName, images } from "./images.ts";
export {
  type Architecture,
  type BundleDefinition,
  type BundleName,
  bundles,
  type GoModule,
  type OfficialDownload,
  type Program,
  type ProgramName,
  programs,
} from "./programs.ts";
