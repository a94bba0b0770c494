import { GroundworkError } from "../errors/index.ts";

/**
 * Lets the operation take away the only login in use on these machines, so that nobody can log in there any more. Errors:
 * GW707 for a machine on which nothing would be given back.
 */
export const leaveLocked = (named: string[], machines: string[]): void =>
  allow("--leave-locked", "GROUNDWORK_LEAVE_LOCKED", named, machines);

/**
 * Lets the operation count what ran on these machines as gone with them, where they do not answer. `machines` may be
 * given up: not those of the lab, which come back, nor any that stays declared. Errors: GW707 for another one.
 */
export const countAsGone = (named: string[], machines: string[]): void =>
  allow("--gone", "GROUNDWORK_GONE", named, machines);

/** What a question says beside what it asks. */
export const goneWords = (gone: string[]): string =>
  gone.length === 0 ? "" : `, and count what ran on ${gone.join(", ")} as gone where it does not answer`;

/** The provider reads what it may do from its environment. */
function allow(option: string, variable: string, named: string[], machines: string[]): void {
  for (const name of named) {
    if (machines.includes(name)) continue;
    const there = machines.length === 0 ? "there are none" : `these are: ${machines.join(", ")}`;
    throw new GroundworkError("GW707", {
      where: `${option} ${name}`,
      what: `it is no machine that this operation gives up; ${there}`,
      ...(machines.length === 0 ? { mend: `Leave ${option} out` } : {}),
    });
  }
  // What the environment brings was not named here.
  process.env[variable] = named.join(",");
}
