/** One thing that is wrong with a configuration. */
export type { Problem as ConfigurationProblem } from "../components/problem.ts";
