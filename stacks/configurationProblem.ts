/** One thing that is wrong with a configuration. */
export type { Problem as ConfigurationProblem } from "../foundation/problem.ts";
