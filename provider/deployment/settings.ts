import { GroundworkError } from "../../errors/index.ts";

/** What the environment of the provider's process can set. */
export interface Settings {
  /**
   * Seconds that a change which endangers the login waits for a new login before the machine takes it back.
   * `GROUNDWORK_DEADMAN_SECONDS`, 10 to 3600. Default 60.
   */
  deadmanSeconds: number;
}

export const defaultSettings: Settings = { deadmanSeconds: 60 };

/** Reads the settings. Errors: GW101. */
export function settingsFrom(environment: NodeJS.ProcessEnv): Settings {
  const text = environment.GROUNDWORK_DEADMAN_SECONDS;
  if (text === undefined || text === "") return defaultSettings;
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds < 10 || seconds > 3600)
    throw new GroundworkError("GW101", {
      what: `it is ${JSON.stringify(text)}, and whole seconds from 10 to 3600 are allowed`,
      where: "GROUNDWORK_DEADMAN_SECONDS",
    });
  return { deadmanSeconds: seconds };
}
