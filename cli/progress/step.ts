import type { StepEventMetadata } from "@pulumi/pulumi/automation/index.js";

/** Which stream a resource belongs to, and what it is there: a machine's name, `gate`, `network`. */
export interface Place {
  stream: string;
  subject: string;
  kind: "host" | "gate" | "machine" | "network";
}

const token = (name: string): string => `groundwork:index:${name}`;

/** The place of a resource that people care about; undefined for what only holds others together. */
export function placeOf(
  resource: Pick<StepEventMetadata, "type" | "urn"> & { inputs: Record<string, unknown> },
): Place | undefined {
  const name = resource.urn.split("::").at(-1) ?? "";
  const stream = typeof resource.inputs.stream === "string" ? resource.inputs.stream : "";
  switch (resource.type) {
    case token("HostState"):
      // A resource that is left alone before it exists has no inputs.
      return stream === "" ? undefined : { stream, subject: name.replace(`${stream}-`, ""), kind: "host" };
    case token("Gate"):
      return stream === "" ? undefined : { stream, subject: "gate", kind: "gate" };
    case token("LabMachine"):
      return { stream: "lab", subject: name, kind: "machine" };
    case token("LabNetwork"):
      return { stream: "lab", subject: "network", kind: "network" };
    default:
      return undefined;
  }
}

/** {@link placeOf} for the resource that a step of the engine is about. */
export function placeOfStep(metadata: StepEventMetadata): Place | undefined {
  return placeOf({ ...metadata, inputs: (metadata.new ?? metadata.old)?.inputs ?? {} });
}

/** What is done to a resource. `read`: it is compared with the machine. */
export type Work = "read" | "create" | "update" | "delete" | "replace";

/** What a step of the engine does; undefined where it is only bookkeeping. */
export function workOf(op: string): Work | undefined {
  if (op === "refresh" || op === "read") return "read";
  if (op === "create" || op === "update" || op === "delete") return op;
  if (op === "create-replacement" || op === "delete-replaced") return "replace";
  return undefined;
}
