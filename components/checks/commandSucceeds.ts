import type { CheckInput } from "../../provider/index.ts";

/** How often and how long a check is tried. */
export interface CheckTiming {
  /** Seconds it may be tried again until it passes. Default 0: once. */
  within?: number;
  /** Seconds one try may take. Default 30. */
  timeLimit?: number;
  /** It creates something to test with: left out when the machine is only read. Default false. */
  createsObjects?: boolean;
}

/** Passes when the POSIX shell script `run` ends with 0; 77 skips. What it prints is the evidence. */
export function commandSucceeds(name: string, run: CheckInput["run"], timing: CheckTiming = {}): CheckInput {
  return { name, run, ...timing };
}
