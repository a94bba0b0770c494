import { z } from "zod";
import { type Problem, problemsError } from "../foundation/problem.ts";
import { schemaProblems } from "../foundation/schemaProblems.ts";
import { crossCheck } from "./configuration/crossChecks/index.ts";
import { knownParts } from "./configuration/known.ts";
import { type MachineSettings, machine, machines } from "./configuration/machines.ts";
import { type NetworkSettings, network } from "./configuration/network.ts";
import { type StreamsSettings, streams } from "./configuration/streams.ts";

export { problemsError as configurationError } from "../foundation/problem.ts";
export { localPath } from "./configuration/localFile.ts";
export {
  type BastionSettings,
  type ExistingMachineSettings,
  type LabMachineSettings,
  type MachineSettings,
  type Role,
  releaseOf,
} from "./configuration/machines.ts";
export type { NetworkSettings } from "./configuration/network.ts";
export { earlierStreams, type StreamName, type StreamsSettings } from "./configuration/streams.ts";

/** The whole configuration of a stack, defaults filled in. */
export interface Configuration {
  /** Machines by name; the host name and the Kubernetes node carry it. At least one. */
  machines: Record<string, MachineSettings>;
  /** Address ranges. */
  network: NetworkSettings;
  /** What runs on the machines. */
  streams: StreamsSettings;
}

/** A configuration's shape; {@link examineConfiguration} looks at its meaning as well. */
export const configurationSchema = z
  .strictObject({ machines, network: network.prefault({}), streams: streams.prefault({}) })
  .meta({ id: "Configuration" }) satisfies z.ZodType<Configuration>;

/**
 * A configuration and everything that is wrong with it, at once: the shape of each property, and what those that are
 * right say against each other (addresses, roles, ranges, host keys). `stack` stands in advice only.
 */
export function examineConfiguration(
  input: unknown,
  stack = "dev",
): { configuration?: Configuration; problems: Problem[] } {
  const shape = configurationSchema.safeParse(input, { reportInput: true });
  const misshapen = shape.success
    ? []
    : schemaProblems(withMisnamed(shape.error, input), configurationSchema, "configuration");
  return { configuration: shape.data, problems: [...misshapen, ...crossCheck(knownParts(input), stack)] };
}

/** Beside what was found, what is wrong with machines whose names are: a record does not look behind those. */
function withMisnamed({ issues }: z.ZodError, input: unknown): z.ZodError {
  const all = issues.flatMap((issue) => {
    if (issue.code !== "invalid_key" || issue.path[0] !== "machines") return [issue];
    const settings = issue.path.reduce<unknown>(
      (part, name) => (part as Record<PropertyKey, unknown>)[name],
      input,
    );
    const behind = machine.safeParse(settings, { reportInput: true }).error?.issues ?? [];
    return [issue, ...behind.map((other) => ({ ...other, path: [...issue.path, ...other.path] }))];
  });
  return new z.ZodError(all);
}

/** The configuration, or one error that names every problem. Errors: GW101, GW203. */
export function parseConfiguration(input: unknown, stack = "dev"): Configuration {
  const { configuration, problems } = examineConfiguration(input, stack);
  if (configuration === undefined || problems.length > 0) throw problemsError(problems);
  return configuration;
}
