import type { Problem } from "../../../foundation/problem.ts";
import type { KnownConfiguration } from "../known.ts";
import { earlierStreams, type StreamName } from "../streams.ts";
import { problem } from "./problem.ts";

/** Streams that are left out although another one stands on them. */
export function streamProblems({ enabled }: KnownConfiguration): Problem[] {
  return (Object.keys(earlierStreams) as StreamName[]).flatMap((name) =>
    earlierStreams[name].needs
      .filter((other) => enabled(name) === true && enabled(other) === false)
      .map((other) =>
        problem(`streams.${other}.enabled`, `false is not possible while streams.${name} is enabled`),
      ),
  );
}
