import { type Deployment, gates, hostStates } from "../engine/deployment.ts";
import { streamNames } from "../engine/streamGraph.ts";
import { stackWords } from "../options.ts";

/** What of the declared streams does not stand: no machine can be asked for it, and what stands may all be as declared. */
export interface Gaps {
  /** Streams of which nothing stands: they were rolled back, or never came about. */
  missing: string[];
  /** Streams of which a part stands: an operation was cut off, or failed, or a machine is new. */
  incomplete: { stream: string; why: string }[];
}

/** Compares what stands with the machines that each declared stream is to stand on. */
export function gapsOf(deployment: Deployment, declared: Record<string, string[]>): Gaps {
  const standing = streamNames(deployment);
  const names = Object.keys(declared).sort();
  return {
    missing: names.filter((stream) => !standing.includes(stream)),
    incomplete: names
      .filter((stream) => standing.includes(stream))
      .flatMap((stream) => {
        const why = reasons(deployment, stream, declared[stream] ?? []);
        return why.length === 0 ? [] : [{ stream, why: why.join("; ") }];
      }),
  };
}

/** Whether everything that is declared stands. */
export const isWhole = ({ missing, incomplete }: Gaps): boolean => missing.length + incomplete.length === 0;

/** A gate is made when it opens, after every host of its stream: without one, nobody knows what else is not there. */
function reasons(deployment: Deployment, stream: string, machines: string[]): string[] {
  const hosts = hostStates(deployment).filter(({ spec }) => spec.stream === stream);
  const bare = machines.filter((name) => !hosts.some(({ spec }) => spec.connection.name === name));
  const open = gates(deployment).some(({ spec }) => spec.stream === stream);
  return [
    ...(bare.length === 0 ? [] : [`nothing of it stands on ${bare.join(", ")}`]),
    ...(open ? [] : ["its gate is not open: only a part of it was brought about, or it was not proven"]),
  ];
}

/** Each gap for people, with the command that closes it. */
export function gapsText({ missing, incomplete }: Gaps, stack: string): string[] {
  const up = `./groundwork up${stackWords(stack)}`;
  return [
    ...missing.map(
      (stream) => `not there: ${stream}: it is declared and stands on no machine; ${up} brings it about`,
    ),
    ...incomplete.map(({ stream, why }) => `not complete: ${stream}: ${why}; ${up} goes on with it`),
  ];
}
