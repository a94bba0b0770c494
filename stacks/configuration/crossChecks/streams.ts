import type { Problem } from "../../../foundation/problem.ts";
import type { KnownConfiguration } from "../known.ts";
import { earlierStreams, type StreamName } from "../streams.ts";
import { problem } from "./problem.ts";

/** Streams that are left out although another one stands on them. */
export function streamProblems({ enabled }: KnownConfiguration): Problem[] {
  const names = Object.keys(earlierStreams) as StreamName[];
  return names
    .filter((name) => enabled(name) === false)
    .flatMap((name) => {
      const standing = names.filter(
        (other) => enabled(other) === true && earlierStreams[other].needs.includes(name),
      );
      const listed = standing.map((other) => `streams.${other}`).join(", ");
      return standing.length === 0
        ? []
        : [
            problem(
              `streams.${name}.enabled`,
              `false is not possible while these are enabled: ${listed}; leave them out as well, by enabled: false`,
            ),
          ];
    });
}
