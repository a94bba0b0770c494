import { GroundworkError } from "../errors/index.ts";

/**
 * Lets the operation take away the only login in use on these machines, so that nobody can log in there any more. The
 * provider reads it from the environment. Errors: GW707 for a machine on which nothing would be given back.
 */
export function leaveLocked(named: string[], machines: string[]): void {
  for (const name of named) {
    if (machines.includes(name)) continue;
    const there = machines.length === 0 ? "there are none" : `these are: ${machines.join(", ")}`;
    throw new GroundworkError("GW707", {
      where: `--leave-locked ${name}`,
      what: `it is no machine of this operation; ${there}`,
      ...(machines.length === 0 ? { mend: "Leave --leave-locked out" } : {}),
    });
  }
  // What the environment brings was not named here.
  process.env.GROUNDWORK_LEAVE_LOCKED = named.join(",");
}
