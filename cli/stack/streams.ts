import type { Configuration, StreamName } from "../../stacks/configuration.ts";

/** Streams that are part of the stack. */
export function enabledStreams({ streams }: Configuration): StreamName[] {
  return (Object.keys(streams) as StreamName[]).filter((name) => streams[name].enabled);
}
