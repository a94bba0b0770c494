import { GroundworkError } from "../../errors/index.ts";
import type { Properties } from "./resource.ts";

/** The version of what the state keeps of resources. It goes up where an older provider could no longer read it. */
export const stateFormat = 1;

/** Pulumi shows nobody what begins with two underscores. */
const mark = "__format";

/** Outputs as the state keeps them. */
export function inStateFormat(outputs: Properties): Properties {
  return { ...outputs, [mark]: stateFormat };
}

/** Outputs as they were before {@link inStateFormat}. Errors: GW104 for those of a newer format. */
export function fromState(urn: string, kept: Properties): Properties {
  // States from before formats were written are of the first one.
  const { [mark]: format = 1, ...outputs } = kept;
  if (typeof format === "number" && format <= stateFormat) return outputs;
  throw new GroundworkError("GW104", {
    what: `format ${String(format)} is newer than ${stateFormat}`,
    where: urn.split("::").at(-1) ?? urn,
  });
}
