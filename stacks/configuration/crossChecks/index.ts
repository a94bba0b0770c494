import type { Problem } from "../../../foundation/problem.ts";
import type { KnownConfiguration } from "../known.ts";
import { addressProblems } from "./addresses.ts";
import { hostKeyProblems } from "./hostKeys.ts";
import { loginProblems } from "./logins.ts";
import { rangeProblems } from "./ranges.ts";
import { roleProblems } from "./roles.ts";
import { streamProblems } from "./streams.ts";

/**
 * What the properties of a configuration say against each other, as far as they are right themselves. `stack` is for
 * advice only.
 */
export function crossCheck(known: KnownConfiguration, stack: string): Problem[] {
  return [
    ...addressProblems(known),
    ...hostKeyProblems(known, stack),
    ...loginProblems(known),
    ...roleProblems(known),
    ...rangeProblems(known),
    ...streamProblems(known),
  ];
}
