import { GroundworkError } from "../../errors/index.ts";

/** What the environment of the provider's process can set. */
export interface Settings {
  /**
   * Seconds that a change which endangers the login waits for a new login before the machine takes it back.
   * `GROUNDWORK_DEADMAN_SECONDS`, 10 to 3600. Default 60.
   */
  deadmanSeconds: number;
  /**
   * Names of machines on which a delete may take away the only login in use, so that nobody can log in any more.
   * `GROUNDWORK_LEAVE_LOCKED`, with commas. Default: none.
   */
  leaveLocked: string[];
  /**
   * Names of machines that never come back: one of them that does not answer has nothing to give back. `GROUNDWORK_GONE`,
   * with commas. Default: none.
   */
  gone: string[];
  /**
   * A stack of the same project whose claims pass to the HostStates of the same names: its state was lost, or it is
   * another name of this one. `GROUNDWORK_ADOPT`. Default: empty, none.
   */
  adopt: string;
}

export const defaultSettings: Settings = { deadmanSeconds: 60, leaveLocked: [], gone: [], adopt: "" };

/** Reads the settings. Errors: GW101. */
export function settingsFrom(environment: NodeJS.ProcessEnv): Settings {
  return {
    deadmanSeconds: deadmanSeconds(environment.GROUNDWORK_DEADMAN_SECONDS),
    leaveLocked: names(environment.GROUNDWORK_LEAVE_LOCKED),
    gone: names(environment.GROUNDWORK_GONE),
    adopt: environment.GROUNDWORK_ADOPT ?? "",
  };
}

const names = (text = ""): string[] => text.split(",").filter((name) => name !== "");

function deadmanSeconds(text: string | undefined): number {
  if (text === undefined || text === "") return defaultSettings.deadmanSeconds;
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds < 10 || seconds > 3600)
    throw new GroundworkError("GW101", {
      what: `it is ${JSON.stringify(text)}, and whole seconds from 10 to 3600 are allowed`,
      where: "GROUNDWORK_DEADMAN_SECONDS",
    });
  return seconds;
}
