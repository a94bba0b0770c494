import { readFileSync } from "node:fs";
import type { Architecture, ArtifactCatalogue, ContainerImage } from "../components/index.ts";
import { GroundworkError } from "../errors/index.ts";
import { labArtifactsFile } from "../foundation/stateFolder.ts";
import type { LabRelease } from "../lab/spec.ts";
import * as pulumi from "../pulumi.ts";
import type { ImageName, ProgramName } from "../versions/index.ts";
import { type MachineSettings, releaseOf } from "./configuration.ts";

/** One file that the lab's artifact server shows. */
export interface LabArtifact {
  /** Below the served folder, with `/` between its parts. */
  path: string;
  /** In lower-case hexadecimal. */
  sha256: string;
}

/** An archive that the lab's artifact server shows. */
export interface LabImage extends LabArtifact {
  image: ImageName;
  /** The name that manifests give it. */
  reference: string;
  /** The Debian release whose programs it holds. Absent: it is the same for all. */
  release?: LabRelease;
}

/** What the lab's artifact server shows, as the tool chain left it. */
export interface LabArtifacts {
  architecture: Architecture;
  programs: Partial<Record<ProgramName, LabArtifact>>;
  images: LabImage[];
}

/** What the lab's artifact server shows. Errors: GW609. */
export function readLabArtifacts(): LabArtifacts {
  try {
    return JSON.parse(readFileSync(labArtifactsFile(), "utf8")) as LabArtifacts;
  } catch (cause) {
    throw new GroundworkError("GW609", {
      where: labArtifactsFile(),
      what: "it says which programs the lab's machines get, and it is not there",
      mend: 'Run ./groundwork up, or eval "$(./groundwork env)", which write it',
      cause,
    });
  }
}

/** Where the lab's machines get programs. */
export function labPrograms(artifacts: LabArtifacts, url: pulumi.Input<string>): ArtifactCatalogue {
  const entries = Object.entries(artifacts.programs).map(([name, { path, sha256 }]) => [
    name,
    { urls: [pulumi.interpolate`${url}/${path}`], sha256 },
  ]);
  return { [artifacts.architecture]: Object.fromEntries(entries) };
}

/** Images that only a control plane runs. */
const serverImages: ImageName[] = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"];

/** Where machines get images; what holds programs of a release is for machines of that release. */
export function labImages(
  { images }: LabArtifacts,
  url: pulumi.Input<string>,
  machines: Record<string, MachineSettings>,
): ContainerImage[] {
  const namesOf = (wanted: LabRelease): string[] =>
    Object.keys(machines).filter((name) => machines[name] && releaseOf(machines[name]) === wanted);
  return images.map(({ image, reference, path, sha256, release }) => ({
    name: reference,
    archive: { urls: [pulumi.interpolate`${url}/${path}`], sha256 },
    ...(serverImages.includes(image) ? { roles: ["server"] } : {}),
    ...(release === undefined ? {} : { machines: namesOf(release) }),
  }));
}
