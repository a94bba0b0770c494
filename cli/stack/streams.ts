import type { Configuration, MachineSettings, Role, StreamName } from "../../stacks/configuration.ts";

/** Streams that are part of the stack. */
export function enabledStreams({ streams }: Configuration): StreamName[] {
  return (Object.keys(streams) as StreamName[]).filter((name) => streams[name].enabled);
}

/** Roles whose machines a stream is on; it is on every machine where it has none here. */
const rolesOf: Partial<Record<StreamName, Role[]>> = {
  bravo: ["server", "agent"],
  delta: ["server", "agent"],
};

/** Names of the machines that each enabled stream is to stand on. */
export function declaredPlaces(configuration: Configuration): Record<string, string[]> {
  const machines = Object.entries(configuration.machines);
  const ofStream = (stream: StreamName): string[] =>
    machines
      .filter(([, settings]) => rolesOf[stream]?.some((role) => has(settings, role)) ?? true)
      .map(([name]) => name);
  return Object.fromEntries(enabledStreams(configuration).map((stream) => [stream, ofStream(stream)]));
}

const has = (settings: MachineSettings, role: Role): boolean =>
  ("lab" in settings ? settings.lab : settings.existing).roles.includes(role);
