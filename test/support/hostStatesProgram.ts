import { HostState, type HostStateArgs } from "../../provider/index.ts";
import type { ProgramFile } from "./testEngine.ts";

/** A program of HostStates, by name, that runs in a process of its own. */
export function hostStatesProgram(input: Record<string, HostStateArgs>): ProgramFile {
  return { file: new URL(import.meta.url), input };
}

export default (states: Record<string, HostStateArgs>): void => {
  for (const [name, args] of Object.entries(states)) new HostState(name, args);
};
