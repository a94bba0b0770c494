import type { Problem } from "../../../foundation/problem.ts";
import type { KnownConfiguration } from "../known.ts";
import type { Role } from "../machines.ts";
import type { StreamName } from "../streams.ts";
import { problem } from "./problem.ts";

/** Roles that a stream cannot do without, and how many machines may have them. */
const wantedRoles: [stream: StreamName, role: Role, most: number][] = [
  ["charlie", "monitoring", 1],
  ["delta", "server", 1],
];

/** Roles that exclude each other, that nobody has, or too many. */
export function roleProblems(known: KnownConfiguration): Problem[] {
  const both = known.machines
    .filter(({ settings }) => has(settings.right.roles, "server") && has(settings.right.roles, "agent"))
    .map(({ path }) => problem(`${path}.roles`, "server and agent exclude each other"));
  return [...both, ...wantedRoles.flatMap((wanted) => missingRole(known, ...wanted))];
}

const has = (roles: Role[] | undefined, role: Role): boolean => roles?.includes(role) ?? false;

function missingRole(
  { machines, allMachines, enabled }: KnownConfiguration,
  stream: StreamName,
  role: Role,
  most: number,
): Problem[] {
  if (enabled(stream) !== true) return [];
  const having = machines.filter(({ settings }) => has(settings.right.roles, role)).map(({ name }) => name);
  if (having.length > most)
    return [
      problem(
        `streams.${stream}`,
        `${having.length} machines (${having.join(", ")}) have the role ${role}, at most ${most} may`,
      ),
    ];
  // A machine whose roles are wrong may have been meant.
  const isSure = allMachines && machines.every(({ settings }) => !settings.isWrong("roles"));
  return having.length > 0 || !isSure
    ? []
    : [problem(`streams.${stream}`, `it needs a machine with the role ${role}, and no machine has it`)];
}
