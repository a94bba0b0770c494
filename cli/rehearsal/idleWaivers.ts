import type { Problem } from "../../foundation/problem.ts";
import { type Properties, unknown } from "../../provider/examine.ts";

/** A resource as the program registered it, its inputs as the engine would get them. */
export interface Registered {
  type: string;
  name: string;
  /** What tells it from all others: the types above it, its own and its name. */
  urn: string;
  inputs: Properties;
}

/**
 * Waivers that name no check of their stream: a misspelt one would let the stream change its machines, and its gate
 * stay shut. Nothing is said of a stream with a check whose name is not known yet.
 */
export function idleWaivers(resources: readonly Registered[]): Problem[] {
  return resources
    .filter(({ type }) => type === "groundwork:index:Gate")
    .flatMap(({ name, inputs: { stream, waivers } }) => {
      const own = resources.filter(({ inputs }) => inputs.stream === stream);
      const names = own.flatMap(({ inputs }) => [...namesOf(inputs.checks), ...namesOf(inputs.guards)]);
      if (!names.every((known) => typeof known === "string" && known !== unknown)) return [];
      return Object.keys(isObject(waivers) ? waivers : {})
        .filter((waived) => !names.includes(waived))
        .map((waived) => ({
          code: "GW101" as const,
          path: `streams.${name}.waivers.${waived}`,
          what: `no check of ${name} has this name (its checks: ${[...new Set(names)].sort().join("; ")})`,
        }));
    });
}

function namesOf(checks: unknown): unknown[] {
  if (checks === undefined) return [];
  return Array.isArray(checks)
    ? checks.map((check) => (isObject(check) ? check.name : undefined))
    : [undefined];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
