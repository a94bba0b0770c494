import type * as pulumi from "@pulumi/pulumi";
import { GroundworkError } from "../../errors/index.ts";
import type { ItemInput } from "../../provider/index.ts";
import { type BundleDefinition, bundles, type ProgramName, programs } from "../../versions/index.ts";
import type { Architecture, Machine } from "../machine.ts";

/** Where the bytes of one program come from. */
export interface Artifact {
  /** HTTP or HTTPS addresses of the same bytes, tried in order. */
  urls: pulumi.Input<pulumi.Input<string>[]>;
  /** SHA-256 of what they serve, in lower-case hexadecimal. */
  sha256: pulumi.Input<string>;
  /** The program's path in the archive that they serve; without it they serve the program itself. */
  member?: string;
}

/** Programs by architecture and name. What it lacks comes from its publisher, as the table of versions says. */
export type ArtifactCatalogue = Partial<Record<Architecture, Partial<Record<ProgramName, Artifact>>>>;

/**
 * Where a program for an architecture comes from: the catalogue, else its publisher.
 * @throws GW101 where neither is known
 */
export function artifactOf(
  program: ProgramName,
  architecture: Architecture,
  catalogue: ArtifactCatalogue = {},
): Artifact {
  const artifact = catalogue[architecture]?.[program] ?? publishedArtifact(program, architecture);
  if (artifact) return artifact;
  throw new GroundworkError("GW101", {
    what: `Nothing says where ${program} ${programs[program].version} for ${architecture} comes from`,
    where: `artifacts.${architecture}.${program}`,
    mend: "Give its `urls` and `sha256` there",
  });
}

function publishedArtifact(program: ProgramName, architecture: Architecture): Artifact | undefined {
  const bundle: BundleDefinition = bundles[programs[program].bundle];
  for (const download of bundle.official?.[architecture] ?? []) {
    const member = download.members[program];
    if (member === undefined) continue;
    const artifact = { urls: [download.url], sha256: download.sha256 };
    return member === "" ? artifact : { ...artifact, member };
  }
  return undefined;
}

/** The item that puts a program at a place on a machine. */
export function programItem(
  program: ProgramName,
  path: string,
  machine: Pick<Machine, "architecture">,
  catalogue?: ArtifactCatalogue,
): ItemInput {
  return { kind: "download", path, ...artifactOf(program, machine.architecture, catalogue) };
}
