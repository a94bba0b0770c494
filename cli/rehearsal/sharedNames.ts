import type { Problem } from "../../foundation/problem.ts";
import type { Registered } from "./idleWaivers.ts";

/**
 * Resources of one type, parent and name: the engine takes the first of them, and refuses the second when it comes to
 * it. Machines whose names are made of each other's get there: `agent-1`, and `certificates-agent-1`.
 */
export function sharedNames(resources: readonly Registered[]): Problem[] {
  return [...Map.groupBy(resources, ({ urn }) => urn).values()]
    .filter((alike) => alike.length > 1)
    .map((alike) => ({
      code: "GW101" as const,
      path: alike[0]?.name ?? "",
      what: `${alike.length} resources of type ${alike[0]?.type} have this name: ${alike.map(owner).join(", ")}`,
      mend: "Give one of them, or of what it is named after, another name",
    }));
}

function owner({ inputs: { connection } }: Registered): string {
  const name =
    typeof connection === "object" && connection !== null && "name" in connection && connection.name;
  return typeof name === "string" ? `one of machine ${name}` : "one of no machine";
}
